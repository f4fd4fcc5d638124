using Gateway.Ingest;

namespace Gateway.Cli;

/// <summary>How the commands about bots answer.</summary>
internal static class BotReply
{
    /// <summary>The codes and words are REST's.</summary>
    public static int Fail(CliSession session, BotOutcome outcome)
    {
        var hint = outcome.Status switch
        {
            BotChangeStatus.AlreadyThere => $" It has id {outcome.Bot!.Id}; --update changes its token and settings.",
            BotChangeStatus.ForeignWebhook => " Add --take-over to replace it.",
            _ => "",
        };
        var code = outcome.Status is BotChangeStatus.TelegramAway or BotChangeStatus.TelegramRefused ? ExitCode.Unavailable : ExitCode.Refused;
        return session.Output.Fail(code, BotProblem.CodeOf(outcome.Status), BotProblem.TextOf(outcome) + hint);
    }

    public static BotJson Of(BotInfo bot) => new(
        bot.Id,
        bot.TelegramId,
        bot.Username,
        bot.FirstName,
        bot.Label,
        bot.Mode,
        bot.IsPaused,
        bot.RetentionDays,
        bot.BaseUrl,
        WebhookOf(bot),
        CliTime.Text(bot.CreatedAtMs)!);

    public static BotWebhookJson WebhookOf(BotInfo bot) => new(CliTime.Text(bot.WebhookToldAtMs), bot.WebhookError);

    public static int Done(CliSession session, BotInfo bot, string text) => session.Output.Done(Of(bot), CliJson.Default.BotJson, text);
}
