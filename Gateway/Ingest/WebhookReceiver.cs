using System.Text;
using Gateway.Access;
using Gateway.Http;
using Gateway.Log;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Ingest;

/// <summary>
/// Telegram's webhook. A body within the bound under a valid secret is stored whatever it is, and answered 200 once it is durable (L1, L9);
/// only 401, 413, 429 and 503 are not 200, because Telegram keeps what it was not thanked for at the head of its chat's queue.
/// </summary>
internal sealed class WebhookReceiver(
    BotDirectory bots, ControlVersionWatcher control, CommitQueue queue, AddressLimiter limiter, TimeProvider time, ILogger<WebhookReceiver> logger,
    AuditDenials? denials = null)
{
    private const string SecretHeader = "X-Telegram-Bot-Api-Secret-Token";

    private readonly Admission admission = new();

    public HttpRoute[] Routes =>
    [
        new("POST", "/telegram/webhook/{secret}", HandleAsync, "telegram_webhook") { Needs = RouteNeeds.Secret, Document = WebhookDocument.Receiver },
        new("POST", "/api/v1/telegram/webhook/{secret}", HandleAsync, "telegram_webhook_v1") { Needs = RouteNeeds.Secret, Document = WebhookDocument.Receiver },
    ];

    public Task HandleAsync(Exchange exchange) => Find(exchange) is { } bot ? ReceiveAsync(bot, exchange) : LookAgainAsync(exchange);

    private Bot? Find(Exchange exchange) =>
        bots.Current.Find(exchange.Values.FirstSpan) is { } bot && HasSecretToken(bot, exchange.Request) ? bot : null;

    /// <summary>
    /// What is not known here may have been added, or given another secret, since the bots were last read, so it is refused only after a read that
    /// began after it came; an address that had its share of wrong secrets does not get that far. An unknown secret and a known one
    /// with the wrong <c>secret_token</c> take the same way, in the same time.
    /// </summary>
    private async Task LookAgainAsync(Exchange exchange)
    {
        var address = exchange.ClientAddress;
        if (limiter.IsExhausted(address, out var wait))
        {
            await RefuseAddressAsync(exchange, wait);
            return;
        }

        var isKnown = await control.ReadFreshAsync() && bots.IsCurrent;
        var bot = Find(exchange);
        await (bot is not null ? ReceiveAsync(bot, exchange)
            : isKnown ? RefuseSecretAsync(exchange)
            : RefuseAsync(exchange, "The bots cannot be read from the database now."));
    }

    private async Task ReceiveAsync(Bot bot, Exchange exchange)
    {
        if (bot.IsPaused)
        {
            await RefusePausedAsync(exchange);
            return;
        }

        var started = time.GetTimestamp();
        // Before the body is read: while nothing can be stored, reading it only costs memory.
        if (queue.IsAway || queue.IsDraining)
        {
            await RefuseAsync(exchange, queue.IsDraining ? CommitStatus.ShuttingDown : CommitStatus.Unavailable);
            return;
        }

        var reserved = Math.Min(exchange.Request.ContentLength ?? Limits.Ingest.UpdateBytes, Limits.Ingest.UpdateBytes);
        if (!admission.TryEnter(reserved))
        {
            await RefuseAsync(exchange, CommitStatus.QueueFull);
            return;
        }

        BodyOutcome body;
        try
        {
            body = await BodyReader.ReadAsync(exchange.Context, Limits.Ingest.UpdateBytes);
        }
        finally
        {
            admission.Leave(reserved);
        }

        if (body.Bytes is null)
        {
            await RefuseBodyAsync(bot, exchange, body.Status);
            return;
        }

        var facts = UpdateParser.Parse(body.Bytes);
        if (ReferenceEquals(facts.Kind, UpdateKinds.Unparsed))
        {
            IngestLog.Unparsed(logger, bot.Id, body.Bytes.Length);
        }

        // Not the request's token: an update that arrived is stored, even when its sender hung up.
        var outcome = await queue.CommitAsync(new IncomingUpdate(bot.Id, body.Bytes, in facts), CancellationToken.None);
        IngestTelemetry.Answered(outcome.Status, body.Bytes.Length, time.GetElapsedTime(started));
        if (!outcome.IsDurable)
        {
            await RefuseAsync(exchange, outcome.Status);
            return;
        }

        exchange.Response.ContentLength = 0;
    }

    private static bool HasSecretToken(Bot bot, HttpRequest request)
    {
        if (bot.SecretTokenHash is not { } expected)
        {
            return true;
        }

        // At most 256 characters of [A-Za-z0-9_-] (Bot API, setWebhook); whatever else stands there does not match.
        string? presented = request.Headers[SecretHeader];
        if (presented is null || presented.Length > Limits.Ingest.SecretCharacters)
        {
            return false;
        }

        Span<byte> text = stackalloc byte[Limits.Ingest.SecretCharacters * 3];
        return SecretHash.Matches(text[..Encoding.UTF8.GetBytes(presented, text)], expected);
    }

    private Task RefuseSecretAsync(Exchange exchange)
    {
        // One line a minute for each address. Not the path, which is the secret or nearly.
        denials?.Note(exchange.Stranger(), "webhook.secret", "route", "telegram_webhook");
        if (!limiter.TryCount(exchange.ClientAddress, out var wait))
        {
            return RefuseAddressAsync(exchange, wait);
        }

        IngestTelemetry.Refused(IngestTelemetry.WrongSecret);
        return ErrorReply.WriteAsync(exchange, StatusCodes.Status401Unauthorized, "WRONG_SECRET", "The webhook secret is not known.");
    }

    private Task RefuseAddressAsync(Exchange exchange, TimeSpan wait)
    {
        IngestTelemetry.Refused(IngestTelemetry.AddressLimited);
        IngestLog.AddressLimited(logger, exchange.ClientAddress);
        return ErrorReply.WriteAsync(
            exchange, StatusCodes.Status429TooManyRequests, "TOO_MANY_WRONG_SECRETS", "Too many wrong webhook secrets from this address.", wait);
    }

    private Task RefuseBodyAsync(Bot bot, Exchange exchange, BodyStatus status)
    {
        if (status == BodyStatus.TooLarge)
        {
            IngestTelemetry.Refused(IngestTelemetry.BodyTooLarge);
            IngestLog.UpdateTooLarge(logger, bot.Id, exchange.Request.ContentLength, Limits.Ingest.UpdateBytes);
            return ErrorReply.BodyTooLargeAsync(exchange, Limits.Ingest.UpdateBytes);
        }

        IngestTelemetry.Refused(IngestTelemetry.BodyAborted);
        return status == BodyStatus.TooSlow
            ? ErrorReply.WriteAsync(exchange, StatusCodes.Status408RequestTimeout, "BODY_TOO_SLOW", "The body arrived too slowly.")
            : ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "BODY_INCOMPLETE", "The body did not arrive whole.");
    }

    /// <summary>Not stored and not thanked for, so that Telegram keeps it (decision note 0096).</summary>
    private static Task RefusePausedAsync(Exchange exchange)
    {
        IngestTelemetry.Refused(IngestTelemetry.Paused);
        return ErrorReply.WriteAsync(
            exchange, StatusCodes.Status503ServiceUnavailable, "BOT_PAUSED", "The bot is paused.", Limits.Ingest.PausedRetryAfter);
    }

    private static Task RefuseAsync(Exchange exchange, CommitStatus status)
    {
        IngestTelemetry.Refused(IngestTelemetry.NotStored);
        return RefuseAsync(exchange, status switch
        {
            CommitStatus.ShuttingDown => "The gateway is shutting down.",
            CommitStatus.QueueFull => "More updates arrive than can be stored now.",
            CommitStatus.Refused => "The database refused this update; the log says why.",
            _ => "The database cannot be written now.",
        });
    }

    private static Task RefuseAsync(Exchange exchange, string reason) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", reason, Limits.Ingest.RetryAfter);
}
