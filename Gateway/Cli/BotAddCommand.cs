using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Gateway.Hosting;
using Gateway.Ingest;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>bot add</c></summary>
internal static class BotAddCommand
{
    private static readonly Option<string?> Token = new("--token") { Description = "The bot's token from @BotFather", HelpName = "TOKEN" };
    private static readonly Option<string?> TokenFile = new("--token-file") { Description = "A file with the token; unlike an argument, other users of the machine cannot see it; - reads it from standard input", HelpName = "FILE" };
    private static readonly Option<string?> Label = new("--label") { Description = "A name for people", HelpName = "TEXT" };
    private static readonly Option<string?> WebhookSecret = new("--webhook-secret") { Description = "The receiver's path parameter [default: a new random one]", HelpName = "SECRET" };
    private static readonly Option<string?> SecretToken = new("--secret-token") { Description = "The secret_token of a webhook that you register yourself; requests without it are refused", HelpName = "SECRET" };
    private static readonly Option<string?> WebhookSecretFile = new("--webhook-secret-file") { Description = "A file with the receiver's path parameter", HelpName = "FILE" };
    private static readonly Option<string?> SecretTokenFile = new("--secret-token-file") { Description = "A file with that secret_token", HelpName = "FILE" };
    private static readonly Option<string?> BaseUrl = new("--base-url") { Description = "Another Bot API server for this bot [default: https://api.telegram.org]", HelpName = "URL" };
    private static readonly Option<bool> NoVerify = new("--no-verify") { Description = "Ask and tell Telegram nothing; the bot's id is taken from the token" };
    private static readonly Option<bool> TakeOver = new("--take-over") { Description = "Add the bot although it has a webhook elsewhere, which is replaced" };
    private static readonly Option<bool> Poll = new("--poll") { Description = "Fetch the updates with getUpdates instead of receiving a webhook" };
    private static readonly Option<bool> Webhook = new("--webhook") { Description = "Receive the updates by webhook [default for a new bot]" };
    private static readonly Option<bool> Update = new("--update") { Description = "Change the token of a bot that is there already, and the settings that are named" };

    public static Command Create()
    {
        var add = new Command("add", "Take over a bot. Examples: gateway bot add --token-file token.txt --public-url https://bots.example.com · gateway bot add --token 123456:AA… --poll")
        {
            Token, TokenFile, Label, WebhookSecret, WebhookSecretFile, SecretToken, SecretTokenFile, BaseUrl, CommonOptions.PublicUrl, NoVerify, TakeOver, Poll, Webhook, Update,
        };
        add.SetAction((arguments, cancellation) =>
            // Before the database is opened: what cannot be used needs none.
            TryRead(CliSession.OutputFor(arguments), arguments, out var bot)
                ? CliSession.RunAsync(arguments, async session => Answer(session, await session.BotRegistrar.RegisterAsync(Actor.CommandLine, bot, cancellation), bot.Verify), cancellation)
                : Task.FromResult(ExitCode.Usage));
        return add;
    }

    /// <summary>False: it was told what is wrong.</summary>
    private static bool TryRead(CliOutput output, ParseResult arguments, [NotNullWhen(true)] out BotRegistration? bot)
    {
        bot = null;
        if (!TryRead(output, arguments, Token, TokenFile, out var token) || !TryRead(output, arguments, WebhookSecret, WebhookSecretFile, out var webhookSecret)
            || !TryRead(output, arguments, SecretToken, SecretTokenFile, out var secretToken)) return false;
        if (token is null) return Refuse(output, "INVALID_TOKEN", "give the token by either --token or --token-file");
        if (BotToken.TelegramIdOf(token) is not { } telegramId)
            return Refuse(output, "INVALID_TOKEN", "the token has not the form of a bot token, as 123456:AA…");
        if ((webhookSecret is not null && !BotSettings.IsSecret(webhookSecret)) || (secretToken is not null && !BotSettings.IsSecret(secretToken)))
            return Refuse(output, "INVALID_SECRET", "secrets have 1 to 256 of the characters A-Z a-z 0-9 _ -");
        if (webhookSecret?.Length < Limits.Access.WebhookSecretGoodChars)
            output.Warn($"the webhook secret is short; whoever guesses it can post updates. {Limits.Access.WebhookSecretGoodChars} random characters are good");
        if (arguments.GetValue(Label) is { Length: 0 or > Limits.Ingest.LabelCharacters })
            return Refuse(output, "INVALID_LABEL", $"a label has 1 to {Limits.Ingest.LabelCharacters} characters");
        var baseUrl = arguments.GetValue(BaseUrl);
        if (baseUrl is not null && !BotSettings.IsServer(baseUrl))
            return Refuse(output, "INVALID_URL", "--base-url is not an http or https URL without a user, a query and a fragment");
        if (arguments.GetValue(Poll) && arguments.GetValue(Webhook))
            return Refuse(output, "CONFLICTING_OPTIONS", "--poll and --webhook exclude each other: Telegram gives a bot's updates to one of them");

        bot = new BotRegistration(telegramId, token, arguments.GetValue(Poll) ? BotModes.Poll : arguments.GetValue(Webhook) ? BotModes.Webhook : null)
        {
            Label = arguments.GetValue(Label),
            WebhookSecret = webhookSecret,
            SecretToken = secretToken,
            BaseUrl = baseUrl,
            Update = arguments.GetValue(Update),
            Verify = !arguments.GetValue(NoVerify),
            TakeOver = arguments.GetValue(TakeOver),
        };
        return true;
    }

    private static bool Refuse(CliOutput output, string code, string message)
    {
        output.Fail(ExitCode.Usage, code, message);
        return false;
    }

    private static int Answer(CliSession session, BotOutcome added, bool verified)
    {
        if (!added.IsDone) return BotReply.Fail(session, added);
        var bot = added.Bot!;
        var path = added.WebhookSecret is { } secret ? WebhookAddress.Path + secret : null;
        var name = bot.Username ?? bot.TelegramId.ToString(CultureInfo.InvariantCulture);
        var text = $"bot {bot.Id} ({name}) {(added.IsUpdate ? "updated" : "added")}, mode {bot.Mode}"
            + (path is null ? "; its webhook secret is unchanged" : $"\nwebhook secret (shown once): {added.WebhookSecret}\nreceiver: POST {path}")
            + (bot.WebhookToldAtMs is null || added.Detail is not null ? "" : $"\nTelegram was told: {(bot.Mode == BotModes.Poll ? "no webhook" : "the webhook is set")}");
        if (added.Detail is not null) session.Output.Warn($"Telegram did not take the webhook: {added.Detail}. 'gateway bot webhook --id {bot.Id}' tries again");
        return session.Output.Done(
            new BotAddedJson(bot.Id, bot.TelegramId, bot.Username, bot.FirstName, bot.Mode, added.WebhookSecret, path, verified, BotReply.WebhookOf(bot)),
            CliJson.Default.BotAddedJson,
            text);
    }

    /// <summary>A secret as an argument or in a file; both null: it is not given. Otherwise it was told what is wrong.</summary>
    private static bool TryRead(CliOutput output, ParseResult arguments, Option<string?> direct, Option<string?> inFile, out string? secret)
    {
        secret = arguments.GetValue(direct);
        if (arguments.GetValue(inFile) is not { } path) return true;
        if (secret is not null)
            return Refuse(output, "CONFLICTING_OPTIONS", $"{direct.Name} and {inFile.Name} are both given; which one is meant?");

        var read = SecretFile.Read(path);
        secret = read.Text;
        if (read.Warning is not null) output.Warn($"{inFile.Name}: {read.Warning}");
        if (read.Failure is not null) output.Fail(ExitCode.Usage, "INVALID_SECRET_FILE", $"{inFile.Name}: {read.Failure}");
        return read.Failure is null;
    }
}
