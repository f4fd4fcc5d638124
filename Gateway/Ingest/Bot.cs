namespace Gateway.Ingest;

/// <summary>How a bot's updates come. Whatever the mode, updates that reach its webhook are stored: Telegram would lose them otherwise.</summary>
internal enum BotMode
{
    Webhook,
    Poll,
}

/// <summary>A bot as the receiver and the poller need it: one row of <c>bots</c>, immutable.</summary>
/// <param name="SecretTokenHash">SHA-256 of the registered <c>secret_token</c>; null where none is registered.</param>
/// <param name="BaseUrl">Of the Bot API server; null is Telegram's own.</param>
internal sealed record Bot(long Id, long TelegramId, BotMode Mode, byte[]? SecretTokenHash, byte[] TokenCipher, string? BaseUrl)
{
    /// <summary>Nothing of it is taken: its updates wait at Telegram.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Another value than before: a webhook was set or deleted, so what a poller knows of it is old.</summary>
    public long WebhookToldAtMs { get; init; }

    public static BotMode ModeOf(string column) => column == BotModes.Poll ? BotMode.Poll : BotMode.Webhook;
}
