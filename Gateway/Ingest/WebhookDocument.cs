using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Ingest;

internal static class WebhookDocument
{
    public static readonly RouteDocument Receiver = new("Where Telegram posts updates")
    {
        Description = "Any body under a good secret is stored as it is, and answered 200 once it is durable.",
        Path = [new("secret", JsonKind.String, "The bot's webhook secret; its token, unless that is switched off.")],
        Headers = [new("X-Telegram-Bot-Api-Secret-Token", JsonKind.String, "Needed where the webhook was registered with a secret_token.")],
        Errors =
        [
            new(401, "WRONG_SECRET", "The secret is not known."),
            new(413, "BODY_TOO_LARGE", $"The update is larger than {Limits.Ingest.UpdateBytes} bytes."),
            new(429, "TOO_MANY_WRONG_SECRETS", "The address has given too many wrong secrets."),
            new(503, "UNAVAILABLE", "It cannot be stored now; Telegram tries again."),
        ],
    };
}
