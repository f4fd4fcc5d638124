using System.Diagnostics.CodeAnalysis;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging;

namespace Gateway.Ingest;

/// <param name="Url">Of the webhook that is set; empty where none is.</param>
/// <param name="Refusal">Why nothing may be changed.</param>
internal readonly record struct WebhookLook(string? Url, BotOutcome? Refusal);

/// <summary>Tells Telegram where bots' updates go.</summary>
/// <param name="server">The Bot API server of bots that name none of their own.</param>
/// <param name="publicUrl">Where Telegram reaches the gateway; null: unknown, webhooks are registered by hand.</param>
internal sealed class BotWebhooks(
    BotAdministration bots, BotQueries queries, HttpMessageInvoker http, string server, Uri? publicUrl, TimeProvider time, ILogger logger)
{
    public bool HasPublicUrl => publicUrl is not null;

    public BotApiClient ClientOf(string? baseUrl, string token) => new(http, (baseUrl ?? server).TrimEnd('/'), token, time);

    /// <summary>Looks for a webhook of another program.</summary>
    /// <param name="known">Null where the bot is new.</param>
    public async Task<WebhookLook> LookAsync(BotApiClient client, OpenedBot? known, bool takeOver, CancellationToken cancellation)
    {
        var found = await client.GetWebhookInfoAsync(Limits.Ingest.CallWait, cancellation);
        return found.Status switch
        {
            BotApiStatus.Ok when found.Value!.Url.Length == 0 || takeOver || WebhookAddress.IsOurs(found.Value.Url, known) => new(found.Value.Url, null),
            BotApiStatus.Ok => new(null, new BotOutcome(BotChangeStatus.ForeignWebhook, null, found.Value!.Host)),
            BotApiStatus.TokenRejected => new(null, new BotOutcome(BotChangeStatus.TokenRejected, null, found.Description)),
            _ => new(null, new BotOutcome(BotChangeStatus.TelegramAway, null, found.Description)),
        };
    }

    /// <param name="url">The webhook that Telegram has now.</param>
    public bool HasToTell(BotInfo bot, string url) => bot.Mode == BotModes.Webhook ? HasPublicUrl : url.Length > 0;

    /// <summary>
    /// Tells Telegram what the row says, and keeps in it what came of that. Whoever changes the row meanwhile tells Telegram too, and the two calls may
    /// arrive in either order: so when the row is another at the end, it is told again as it is then.
    /// </summary>
    public async Task<BotOutcome> TellAsync(Actor actor, long id, CancellationToken cancellation)
    {
        BotOutcome? last = null;
        for (var round = 0; round < Limits.Ingest.WebhookRounds; round++)
        {
            var known = await queries.OpenAsync(id, cancellation);
            if (known is { Info.Mode: BotModes.Webhook, SecretToken: null })
            {
                // Of a bot that was registered by hand, or before this was kept.
                await bots.RenewSecretTokenAsync(actor, id, cancellation);
                known = await queries.OpenAsync(id, cancellation);
            }

            if (known is null)
            {
                return last ?? new BotOutcome(BotChangeStatus.NotFound, null);
            }

            var error = await CallAsync(known, cancellation);
            var kept = await bots.RecordWebhookAsync(actor, known.Info, error, cancellation);
            last = new BotOutcome(error is null ? BotChangeStatus.Done : BotChangeStatus.TelegramRefused, kept.Bot ?? known.Info, error);
            if (kept.Status != BotChangeStatus.Changed)
            {
                return last;
            }
        }

        return last!;
    }

    /// <summary>Deletes the webhook of a bot that was given back, if it is still ours. Answers why it could not, or null.</summary>
    public async Task<string?> ReleaseAsync(OpenedBot bot, CancellationToken cancellation)
    {
        if (bot.Token is null)
        {
            return "its stored token cannot be decrypted, so its webhook at Telegram was not deleted";
        }

        var client = ClientOf(bot.Info.BaseUrl, bot.Token);
        var found = await client.GetWebhookInfoAsync(Limits.Ingest.CallWait, cancellation);
        if (found.IsOk && !WebhookAddress.IsOurs(found.Value!.Url, bot))
        {
            return null;
        }

        var (status, reason) = (found.Status, found.Description);
        if (found.IsOk)
        {
            var answer = await client.DeleteWebhookAsync(cancellation);
            (status, reason) = (answer.Status, answer.Description);
        }

        if (status == BotApiStatus.Ok)
        {
            return null;
        }

        IngestLog.WebhookNotReleased(logger, bot.Info.Id, Cleaned(reason, bot));
        return $"its webhook at Telegram could not be deleted: {Cleaned(reason, bot)}";
    }

    /// <summary>Null when Telegram took it.</summary>
    private async Task<string?> CallAsync(OpenedBot bot, CancellationToken cancellation)
    {
        if (bot.Token is null || bot.WebhookSecret is null)
        {
            return "the bot's stored token or secret cannot be decrypted under this master key";
        }

        var client = ClientOf(bot.Info.BaseUrl, bot.Token);
        var isWebhook = bot.Info.Mode == BotModes.Webhook;
        if (isWebhook && publicUrl is null)
        {
            return "the gateway does not know its public address";
        }

        var answer = isWebhook
            ? await client.SetWebhookAsync(WebhookAddress.Of(publicUrl!, bot.WebhookSecret), bot.SecretToken ?? "", cancellation)
            : await client.DeleteWebhookAsync(cancellation);
        if (answer.Status == BotApiStatus.Ok)
        {
            IngestLog.WebhookTold(logger, bot.Info.Id, isWebhook ? $"set at {publicUrl!.Host}" : "deleted");
            return null;
        }

        var reason = Cleaned(answer.Description, bot);
        IngestLog.WebhookNotTold(logger, bot.Info.Id, isWebhook ? "set" : "deleted", reason);
        return reason;
    }

    /// <summary>A Bot API server of someone else's may repeat the address it was given.</summary>
    [return: NotNullIfNotNull(nameof(reason))]
    public static string? Cleaned(string? reason, OpenedBot bot)
    {
        foreach (var secret in (string?[])[bot.WebhookSecret, bot.SecretToken, bot.Token])
        {
            reason = secret is null ? reason : reason?.Replace(secret, "…", StringComparison.Ordinal);
        }

        return reason;
    }
}
