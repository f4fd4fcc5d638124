namespace Gateway.Ingest;

/// <summary>How a bot's updates come. Whatever the mode, updates that reach its webhook are stored: Telegram would lose them otherwise.</summary>
internal enum BotMode
{
    Webhook,
    Poll,
    Paused,
}

/// <summary>A bot as the receiver and the poller need it: one row of <c>bots</c>, immutable.</summary>
/// <param name="SecretTokenHash">SHA-256 of the registered <c>secret_token</c>; null where none is registered.</param>
/// <param name="BaseUrl">Of the Bot API server; null is Telegram's own.</param>
internal sealed record Bot(long Id, long TelegramId, BotMode Mode, byte[]? SecretTokenHash, byte[] TokenCipher, string? BaseUrl)
{
    public static BotMode ModeOf(string column) => column switch
    {
        BotModes.Webhook => BotMode.Webhook,
        BotModes.Poll => BotMode.Poll,
        _ => BotMode.Paused,
    };
}
