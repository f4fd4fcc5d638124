using System.CommandLine;
using Gateway.Ingest;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>bot add | list | show | webhook | pause | resume | remove</c></summary>
internal static class BotCommands
{
    private static readonly Option<long> Id = new("--id") { Description = "The bot's gateway id", HelpName = "ID", Required = true };
    private static readonly Option<bool> TakeOver = new("--take-over") { Description = "Although the bot has a webhook elsewhere, which is replaced" };

    public static Command Create() => new("bot", "Take bots over, watch them, give them back")
    {
        BotAddCommand.Create(),
        Looking("list", "The bots of this gateway. Example: gateway bot list --json", (session, _, cancellation) => ListAsync(session, cancellation)),
        Looking("show", "One bot, and what Telegram says of it. Example: gateway bot show --id 1 --json", ShowAsync, Id),
        Command("webhook", "Tell Telegram again where a bot's updates go. Example: gateway bot webhook --id 1 --public-url https://bots.example.com", WebhookAsync, Id, TakeOver, CommonOptions.PublicUrl),
        Command("pause", "Take no updates of a bot for a while; Telegram keeps them for 24 hours. Example: gateway bot pause --id 1", (session, arguments, cancellation) => PauseAsync(session, arguments, true, cancellation), Id),
        Command("resume", "Take its updates again. Example: gateway bot resume --id 1", (session, arguments, cancellation) => PauseAsync(session, arguments, false, cancellation), Id, CommonOptions.PublicUrl),
        Command("remove", "Give a bot back: its webhook, token, secrets and grants are deleted, its history stays until retention. Example: gateway bot remove --id 1", RemoveAsync, Id),
    };

    private static Command Command(string name, string description, Func<CliSession, ParseResult, CancellationToken, Task<int>> run, params Option[] options)
    {
        var command = new Command(name, description);
        foreach (var option in options) command.Add(option);
        command.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => run(session, arguments, cancellation), cancellation));
        return command;
    }

    private static Command Looking(string name, string description, Func<CliSession, ParseResult, CancellationToken, Task<int>> run, params Option[] options)
    {
        var command = Command(name, description, run, options);
        command.SetAction((arguments, cancellation) => CliSession.LookAsync(arguments, session => run(session, arguments, cancellation), cancellation));
        return command;
    }

    private static async Task<int> ListAsync(CliSession session, CancellationToken cancellation)
    {
        var (bots, _) = await session.BotQueries.ListAsync(null, 0, int.MaxValue, cancellation);
        return session.Output.Done(new BotsJson([.. bots.Select(BotReply.Of)]), CliJson.Default.BotsJson, CliTable.Of(
            ["ID", "TELEGRAM ID", "USERNAME", "LABEL", "MODE", "ADDED"],
            bots.Select(bot => new object?[] { bot.Id, bot.TelegramId, bot.Username, bot.Label, bot.IsPaused ? $"{bot.Mode} (paused)" : bot.Mode, CliTime.Text(bot.CreatedAtMs) })));
    }

    private static async Task<int> ShowAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        if (await session.BotQueries.FindAsync(arguments.GetValue(Id), null, cancellation) is not { } bot)
            return BotReply.Fail(session, new BotOutcome(BotChangeStatus.NotFound, null));
        var upstream = await new UpstreamStatusReader(session.BotQueries, session.BotWebhooks, session.Time).ReadAsync(bot, cancellation);
        var status = upstream.Status is { } found
            ? new BotUpstreamJson(found.Mode, found.WebhookHost, found.IsOurs, found.PendingUpdates, found.LastError, CliTime.Text(found.LastErrorAtMs), found.LagSeconds)
            : null;
        var text = CliTable.Of(["", ""],
        [
            ["id", bot.Id], ["telegram id", bot.TelegramId], ["username", bot.Username], ["label", bot.Label],
            ["mode", bot.IsPaused ? $"{bot.Mode} (paused)" : bot.Mode], ["webhook told", CliTime.Text(bot.WebhookToldAtMs)], ["webhook error", bot.WebhookError],
            ["at Telegram", status is null ? upstream.Reason : status.WebhookHost is null ? "no webhook" : $"webhook at {status.WebhookHost}{(status.IsOurs ? "" : " (not ours)")}"],
            ["updates waiting", status?.PendingUpdates], ["last error", status?.LastError], ["lag in seconds", status?.LagSeconds],
        ]);
        return session.Output.Done(new BotShownJson(BotReply.Of(bot), status, upstream.Reason), CliJson.Default.BotShownJson, text);
    }

    private static async Task<int> WebhookAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var told = await session.BotRegistrar.RegisterWebhookAsync(Actor.CommandLine, arguments.GetValue(Id), arguments.GetValue(TakeOver), cancellation);
        return told.IsDone
            ? BotReply.Done(session, told.Bot!, $"bot {told.Bot!.Id}: {(told.Bot.Mode == BotModes.Poll ? "the webhook is deleted" : "the webhook is set")}")
            : BotReply.Fail(session, told);
    }

    private static async Task<int> PauseAsync(CliSession session, ParseResult arguments, bool isPaused, CancellationToken cancellation)
    {
        var changed = await session.BotRegistrar.SetPausedAsync(Actor.CommandLine, arguments.GetValue(Id), isPaused, null, cancellation);
        if (!changed.IsDone) return BotReply.Fail(session, changed);
        if (changed.Detail is not null) session.Output.Warn($"Telegram was not asked to begin at once: {changed.Detail}");
        return BotReply.Done(session, changed.Bot!, $"bot {changed.Bot!.Id} {(isPaused ? "paused; Telegram keeps its updates for 24 hours" : "resumed")}");
    }

    private static async Task<int> RemoveAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var removed = await session.BotRegistrar.RemoveAsync(Actor.CommandLine, arguments.GetValue(Id), null, cancellation);
        if (!removed.IsDone) return BotReply.Fail(session, removed);
        if (removed.Detail is not null) session.Output.Warn(removed.Detail);
        return session.Output.Done(new RemovedJson(removed.Bot!.Id, true), CliJson.Default.RemovedJson, $"bot {removed.Bot.Id} removed");
    }
}
