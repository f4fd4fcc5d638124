using Gateway.Http;
using Gateway.Ingest;
using Gateway.Messages;

namespace Gateway.Api;

/// <summary>The JSON of bots: what bodies are read by, and what the OpenAPI document says of both.</summary>
internal static class BotShapes
{
    private static readonly string[] Modes = [BotModes.Webhook, BotModes.Poll];

    private static readonly JsonField[] Fields =
    [
        new("id", JsonKind.Integer, "The gateway's id of the bot.") { Example = "1" },
        new("telegram_id", JsonKind.Integer, "Telegram's id of the bot.") { Example = "123456789" },
        new("username", JsonKind.String, "As Telegram has it; null for a bot that was added without asking Telegram.") { IsNullable = true, Example = "sample_bot" },
        new("first_name", JsonKind.String, "As Telegram has it.") { IsNullable = true },
        new("label", JsonKind.String, "A name for people.") { IsNullable = true },
        new("mode", JsonKind.String, "How updates arrive: Telegram posts them, or the gateway fetches them.") { Values = Modes },
        new("is_paused", JsonKind.Boolean, "No update is taken; Telegram keeps them for 24 hours."),
        new("retention_days", JsonKind.Integer, "How long its events are kept; null: as configured.") { IsNullable = true },
        new("base_url", JsonKind.String, "Its own Bot API server; null: the configured one.") { IsNullable = true },
        new("webhook", JsonKind.Object, "What the gateway told Telegram.")
        {
            Shape = new JsonShape(
                "BotWebhook",
                new JsonField("told_at", JsonKind.Time, "When Telegram last took it: a webhook set, or deleted for polling. Null: never.") { IsNullable = true },
                new JsonField("error", JsonKind.String, "Why it last did not.") { IsNullable = true }),
        },
        new("created_at", JsonKind.Time, "When the bot was first added."),
    ];

    private static readonly JsonShape Upstream = new(
        "BotUpstream",
        new JsonField("mode", JsonKind.String, "What Telegram does: webhook (it posts) or poll (it waits). Another than the bot's mode: nothing arrives.") { Values = Modes },
        new JsonField("webhook_host", JsonKind.String, "Where Telegram posts; null: nowhere.") { IsNullable = true },
        new JsonField("is_ours", JsonKind.Boolean, "Whether that webhook is this gateway's."),
        new JsonField("pending_updates", JsonKind.Integer, "How many wait at Telegram."),
        new JsonField("last_error", JsonKind.String, "The last trouble with webhook or polling.") { IsNullable = true },
        new JsonField("last_error_at", JsonKind.Time, "When.") { IsNullable = true },
        new JsonField("lag_seconds", JsonKind.Integer, "0 while nothing waits at Telegram, else how long ago the last update arrived here."));

    public static readonly JsonShape Bot = new("Bot", Fields);

    public static readonly JsonShape BotWithStatus = new(
        "BotWithStatus",
        [
            .. Fields,
            new("upstream", JsonKind.Object, "What Telegram says of the bot, at most 5 s old; null where it did not say.") { IsNullable = true, Shape = Upstream },
            new("upstream_unavailable", JsonKind.String, "Why Telegram did not say; null where it did.") { IsNullable = true },
        ]);

    public static readonly JsonShape ChangedBot = new(
        "ChangedBot",
        [
            .. Fields,
            new("webhook_secret", JsonKind.String, "A new webhook secret, shown once: where the gateway does not know its public address, set the webhook to /telegram/webhook/{secret} there. Else null.") { IsNullable = true },
            new("warning", JsonKind.String, "What was stored, but Telegram did not take; POST to the bot's webhook tries again.") { IsNullable = true },
        ]);

    public static readonly JsonShape RemovedBot = new(
        "RemovedBot",
        new JsonField("id", JsonKind.Integer, "The gateway's id of the bot."),
        new JsonField("removed", JsonKind.Boolean, "Always true."),
        new JsonField("warning", JsonKind.String, "Why the webhook at Telegram could not be deleted; null where it is, or was none of ours.") { IsNullable = true });

    public static readonly JsonShape NewBot = new(
        "NewBot",
        new JsonField("token", JsonKind.String, "From @BotFather. Stored encrypted, never shown.") { IsRequired = true, MinLength = 1, MaxLength = Limits.Ingest.SecretCharacters, IsSecret = true },
        Label,
        Mode("How updates arrive; webhook if absent."),
        RetentionDays,
        new JsonField("webhook_secret", JsonKind.String, "The receiver's path parameter; a random one if absent. A-Z a-z 0-9 _ -") { MinLength = Limits.Access.WebhookSecretGoodChars, MaxLength = Limits.Ingest.SecretCharacters, IsSecret = true },
        new JsonField("secret_token", JsonKind.String, "For a webhook that you set yourself: the secret_token you give Telegram; posts without it are refused. A-Z a-z 0-9 _ -") { MinLength = Limits.Access.WebhookSecretGoodChars, MaxLength = Limits.Ingest.SecretCharacters, IsSecret = true },
        BaseUrl,
        new JsonField("verify", JsonKind.Boolean, "False: ask and tell Telegram nothing. Admins only: it takes the bot's id on trust."),
        TakeOver);

    public static readonly JsonShape BotChange = new(
        "BotChange",
        Label,
        Mode("How updates arrive. Telegram is told."),
        RetentionDays,
        BaseUrl,
        new JsonField("token", JsonKind.String, "A new token of the same bot.") { MinLength = 1, MaxLength = Limits.Ingest.SecretCharacters, IsSecret = true },
        new JsonField("rotate_webhook_secret", JsonKind.Boolean, "True: make a new webhook secret and secret_token. Telegram is told where the gateway knows its public address."),
        TakeOver);

    public static readonly JsonShape WebhookOrder = new("WebhookOrder", TakeOver);

    private static JsonField Label => new("label", JsonKind.String, "A name for people; null: none.") { IsNullable = true, MinLength = 1, MaxLength = Limits.Ingest.LabelCharacters };

    private static JsonField RetentionDays => new("retention_days", JsonKind.Integer, "How long its events are kept; null: as configured.") { IsNullable = true, Minimum = BotSettings.LeastRetentionDays, Maximum = BotSettings.MostRetentionDays };

    private static JsonField BaseUrl => new("base_url", JsonKind.String, "A Bot API server of its own; null: the configured one. Admins only: the gateway calls it.") { IsNullable = true, MinLength = 1, MaxLength = BotSettings.BaseUrlCharacters };

    private static JsonField TakeOver => new("take_over", JsonKind.Boolean, "True: although another program has a webhook on the bot, which is replaced.");

    private static JsonField Mode(string description) => new("mode", JsonKind.String, description) { Values = Modes };
}
