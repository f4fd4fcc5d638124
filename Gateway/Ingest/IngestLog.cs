using System.Net;
using Microsoft.Extensions.Logging;

namespace Gateway.Ingest;

/// <summary>Never a secret, a token, a path or an update's content.</summary>
internal static partial class IngestLog
{
    [LoggerMessage(1200, LogLevel.Debug, "Bots loaded: {Count}")]
    public static partial void BotsLoaded(ILogger logger, int count);

    [LoggerMessage(1201, LogLevel.Warning, "The bots cannot be read from the database; those known so far stay: {Reason}")]
    public static partial void BotsUnreadable(ILogger logger, string reason);

    [LoggerMessage(1202, LogLevel.Warning, "An update of bot {BotId} ({Bytes} bytes) is not one JSON object in UTF-8; stored as kind unparsed")]
    public static partial void Unparsed(ILogger logger, long botId, int bytes);

    [LoggerMessage(1203, LogLevel.Warning, "An update of bot {BotId} ({Bytes} bytes) is over the limit of {MaxBytes} and was refused; Telegram will try again for 24 hours")]
    public static partial void UpdateTooLarge(ILogger logger, long botId, long? bytes, int maxBytes);

    [LoggerMessage(1204, LogLevel.Information, "Too many wrong webhook secrets from {Address}")]
    public static partial void AddressLimited(ILogger logger, IPAddress? address);

    [LoggerMessage(1210, LogLevel.Information, "Bot {BotId}: polling {Server}")]
    public static partial void PollingStarted(ILogger logger, long botId, string server);

    [LoggerMessage(1211, LogLevel.Information, "Bot {BotId}: polling stopped")]
    public static partial void PollingStopped(ILogger logger, long botId);

    [LoggerMessage(1212, LogLevel.Error, "Bot {BotId} has a webhook at {Host}, so Telegram refuses getUpdates. Delete that webhook (deleteWebhook) or register the gateway's; looked at again in {Wait}")]
    public static partial void WebhookIsSet(ILogger logger, long botId, string host, TimeSpan wait);

    [LoggerMessage(1213, LogLevel.Warning, "Bot {BotId}: someone else uses this bot (409): {Description}. Each of the two gets only a part of the updates; next try in {Wait}")]
    public static partial void PollConflict(ILogger logger, long botId, string description, TimeSpan wait);

    [LoggerMessage(1214, LogLevel.Error, "Bot {BotId}: Telegram does not accept the token ({Description}); next try in {Wait}")]
    public static partial void TokenRejected(ILogger logger, long botId, string description, TimeSpan wait);

    [LoggerMessage(1215, LogLevel.Warning, "Bot {BotId}: {Method} failed ({Status}): {Description}; next try in {Wait}")]
    public static partial void PollFailed(ILogger logger, long botId, string method, BotApiStatus status, string description, TimeSpan wait);

    [LoggerMessage(1216, LogLevel.Warning, "Bot {BotId}: {Count} polled updates cannot be stored now; they stay with Telegram, tried again in {Wait}")]
    public static partial void PollNotStored(ILogger logger, long botId, int count, TimeSpan wait);

    [LoggerMessage(1217, LogLevel.Error, "Bot {BotId}: its token cannot be decrypted ({Status}); is the master key the one it was stored under?")]
    public static partial void TokenUnreadable(ILogger logger, long botId, Access.SecretBoxStatus status);

    [LoggerMessage(1218, LogLevel.Error, "Bot {BotId}: the poller failed; it starts again in {Wait}")]
    public static partial void PollerFailed(ILogger logger, Exception failure, long botId, TimeSpan wait);

    [LoggerMessage(1220, LogLevel.Warning, "Bot {BotId}: {Count} polled updates are stored, but none has an update_id to confirm it by; next call in {Wait}")]
    public static partial void PollUnconfirmable(ILogger logger, long botId, int count, TimeSpan wait);

    [LoggerMessage(1221, LogLevel.Error, "Bot {BotId}: the database refuses a polled update of {Bytes} bytes for its data; it is kept in {Path} (named by its SHA-256) and confirmed")]
    public static partial void UpdateParked(ILogger logger, long botId, int bytes, string path);

    [LoggerMessage(1222, LogLevel.Error, "Bot {BotId}: the database refuses a polled update of {Bytes} bytes for its data, and it cannot be kept aside: {Reason}. Polling of this bot stands still")]
    public static partial void UpdateNotParked(ILogger logger, long botId, int bytes, string reason);

    [LoggerMessage(1219, LogLevel.Information, "Bot {BotId}: polling goes on")]
    public static partial void PollingRecovered(ILogger logger, long botId);

    [LoggerMessage(1260, LogLevel.Information, "Bot {BotId}: Telegram was told: webhook {What}")]
    public static partial void WebhookTold(ILogger logger, long botId, string what);

    [LoggerMessage(1261, LogLevel.Error, "Bot {BotId}: the webhook could not be {What} at Telegram: {Reason}. 'gateway bot webhook', or POST to the bot's webhook in the API, tries again")]
    public static partial void WebhookNotTold(ILogger logger, long botId, string what, string reason);

    [LoggerMessage(1262, LogLevel.Warning, "Bot {BotId} was given back, but its webhook could not be deleted at Telegram: {Reason}")]
    public static partial void WebhookNotReleased(ILogger logger, long botId, string reason);
}
