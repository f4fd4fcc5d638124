using System.CommandLine;
using Gateway.Ingest;
using Gateway.Messages;

namespace Gateway.Cli;

/// <summary><c>bot add | list | remove</c></summary>
internal static class BotCommands
{
    private static readonly Option<string> Token = new("--token") { Description = "The bot's token from @BotFather", HelpName = "TOKEN", Required = true };
    private static readonly Option<string?> WebhookSecret = new("--webhook-secret") { Description = "The receiver's path parameter [default: a new random one]", HelpName = "SECRET" };
    private static readonly Option<string?> SecretToken = new("--secret-token") { Description = "The secret_token given to setWebhook; requests without it are refused", HelpName = "SECRET" };
    private static readonly Option<string?> BaseUrl = new("--base-url") { Description = "Another Bot API server for this bot [default: https://api.telegram.org]", HelpName = "URL" };
    private static readonly Option<bool> NoVerify = new("--no-verify") { Description = "Do not ask Telegram; the bot's id is taken from the token" };
    private static readonly Option<bool> TakeOver = new("--take-over") { Description = "Add the bot although it has a webhook elsewhere" };
    private static readonly Option<bool> Poll = new("--poll") { Description = "Fetch the updates with getUpdates instead of receiving a webhook" };
    private static readonly Option<bool> Webhook = new("--webhook") { Description = "Receive the updates by webhook [default for a new bot]" };
    private static readonly Option<bool> Update = new("--update") { Description = "Change the token of a bot that is there already, and the settings that are named" };
    private static readonly Option<long> Id = new("--id") { Description = "The bot's gateway id", HelpName = "ID", Required = true };

    public static Command Create()
    {
        var add = new Command("add", "Take over a bot. Example: gateway bot add --token 123456:AA… --poll")
        {
            Token, WebhookSecret, SecretToken, BaseUrl, NoVerify, TakeOver, Poll, Webhook, Update,
        };
        add.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => AddAsync(session, arguments, cancellation), cancellation));

        var list = new Command("list", "The bots of this gateway");
        list.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => ListAsync(session, cancellation), cancellation));

        var remove = new Command("remove", "Give a bot back: its token, secrets and grants are deleted, its history stays until retention") { Id };
        remove.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => RemoveAsync(session, arguments.GetValue(Id), cancellation), cancellation));

        return new Command("bot", "Add, list and remove bots") { add, list, remove };
    }

    private static async Task<int> AddAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var token = arguments.GetRequiredValue(Token);
        if (BotToken.TelegramIdOf(token) is not { } telegramId)
            return session.Output.Fail(ExitCode.Usage, "INVALID_TOKEN", "--token has not the form of a bot token, as 123456:AA…");
        if (BadSecret(arguments.GetValue(WebhookSecret)) || BadSecret(arguments.GetValue(SecretToken)))
            return session.Output.Fail(ExitCode.Usage, "INVALID_SECRET", "secrets have 1 to 256 of the characters A-Z a-z 0-9 _ -");
        if (arguments.GetValue(WebhookSecret) is { } secret && secret.Length < Limits.Access.WebhookSecretGoodChars)
            session.Output.Warn($"the webhook secret is short; whoever guesses it can post updates. {Limits.Access.WebhookSecretGoodChars} random characters are good");
        var baseUrl = arguments.GetValue(BaseUrl);
        if (baseUrl is not null && !(Uri.TryCreate(baseUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            return session.Output.Fail(ExitCode.Usage, "INVALID_URL", "--base-url is not an http or https URL");

        if (arguments.GetValue(Poll) && arguments.GetValue(Webhook))
            return session.Output.Fail(ExitCode.Usage, "CONFLICTING_OPTIONS", "--poll and --webhook exclude each other: Telegram gives a bot's updates to one of them");

        var mode = arguments.GetValue(Poll) ? BotModes.Poll : arguments.GetValue(Webhook) ? BotModes.Webhook : null;
        var bot = new BotRegistration(telegramId, token, mode)
        {
            WebhookSecret = arguments.GetValue(WebhookSecret),
            SecretToken = arguments.GetValue(SecretToken),
            BaseUrl = baseUrl,
            Update = arguments.GetValue(Update),
        };
        if (arguments.GetValue(NoVerify)) return await SaveAsync(session, bot, verified: false, cancellation);

        // The server that knows the bot: of one that is updated, its own.
        if (bot.Update) baseUrl ??= (await session.Bots.ListAsync(cancellation)).FirstOrDefault(known => known.TelegramId == telegramId)?.BaseUrl;
        using var telegram = new TelegramProbe(baseUrl is null ? session.Options.TelegramBaseUrl : new Uri(baseUrl), Limits.Cli.TelegramAnswer);
        var found = await telegram.LookAsync(token, cancellation);
        if (found.Failure is { } failure) return session.Output.Fail(found.IsRefused ? ExitCode.Refused : ExitCode.Unavailable, found.IsRefused ? "TELEGRAM_REFUSED" : "TELEGRAM_UNREACHABLE", failure);
        if (found.TelegramId != telegramId) return session.Output.Fail(ExitCode.Refused, "TELEGRAM_REFUSED", "Telegram names another bot for this token");
        if (found.WebhookUrl.Length > 0 && !arguments.GetValue(TakeOver))
        {
            return session.Output.Fail(ExitCode.Refused, "FOREIGN_WEBHOOK",
                "the bot has a webhook already: another program receives its updates. Add --take-over to add it nevertheless");
        }

        return await SaveAsync(session, bot with { Username = found.Username, FirstName = found.FirstName }, verified: true, cancellation);
    }

    private static async Task<int> SaveAsync(CliSession session, BotRegistration bot, bool verified, CancellationToken cancellation)
    {
        var added = await session.Bots.AddAsync(bot, cancellation);
        switch (added.Status)
        {
            case AddBotStatus.AlreadyThere:
                return session.Output.Fail(ExitCode.Refused, "BOT_EXISTS", $"the bot is there already with id {added.Id}; --update changes its token and settings");
            case AddBotStatus.SecretTaken:
                return session.Output.Fail(ExitCode.Refused, "SECRET_TAKEN", "another bot has this webhook secret");
            default:
                var mode = (await session.Bots.ListAsync(cancellation)).First(known => known.Id == added.Id).Mode;
                var secret = added.WebhookSecret.Length == 0 ? null : added.WebhookSecret;
                var path = secret is null ? null : $"/telegram/webhook/{secret}";
                var text = $"bot {added.Id} ({bot.Username ?? bot.TelegramId.ToString(System.Globalization.CultureInfo.InvariantCulture)}) {(added.Status == AddBotStatus.Added ? "added" : "updated")}, mode {mode}"
                    + (secret is null ? "; its webhook secret is unchanged" : $"\nwebhook secret (shown once): {secret}\nreceiver: POST {path}");
                return session.Output.Done(
                    new BotAddedJson(added.Id, bot.TelegramId, bot.Username, bot.FirstName, mode, secret, path, verified), CliJson.Default.BotAddedJson, text);
        }
    }

    private static async Task<int> ListAsync(CliSession session, CancellationToken cancellation)
    {
        var bots = await session.Bots.ListAsync(cancellation);
        var json = new BotsJson([.. bots.Select(bot => new BotJson(bot.Id, bot.TelegramId, bot.Username, bot.FirstName, bot.Mode, bot.BaseUrl, CliTime.Text(bot.CreatedAtMs)!))]);
        return session.Output.Done(json, CliJson.Default.BotsJson, CliTable.Of(
            ["ID", "TELEGRAM ID", "USERNAME", "MODE", "ADDED"],
            json.Bots.Select(bot => new object?[] { bot.Id, bot.TelegramId, bot.Username, bot.Mode, bot.CreatedAt })));
    }

    private static async Task<int> RemoveAsync(CliSession session, long id, CancellationToken cancellation) =>
        await session.Bots.RemoveAsync(id, cancellation)
            ? session.Output.Done(new RemovedJson(id, true), CliJson.Default.RemovedJson, $"bot {id} removed")
            : session.Output.Fail(ExitCode.Refused, "NOT_FOUND", $"there is no bot {id}");

    /// <summary>The characters that Telegram allows in a secret_token, which need no escaping in a path either.</summary>
    private static bool BadSecret(string? secret) =>
        secret is not null && (secret.Length is 0 or > 256 || secret.Any(character => !char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_')));
}
