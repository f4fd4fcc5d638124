namespace Gateway.Cli.Apply;

/// <summary>What <c>gateway apply</c> is to make so. A section that is null is not in the file: nothing of its kind is touched.</summary>
internal sealed record ConfigurationFile
{
    public IReadOnlyList<BotEntry>? Bots { get; init; }
    public IReadOnlyList<ChatEntry>? Chats { get; init; }
    public IReadOnlyList<KeyEntry>? Keys { get; init; }
    public IReadOnlyList<UserEntry>? Users { get; init; }
    public IReadOnlyList<GrantEntry>? Grants { get; init; }
    public IReadOnlyList<FeedbackEntry>? Feedback { get; init; }
}

/// <param name="Name">What the rest of the file calls it. The bot itself is its Telegram id, which its token begins with.</param>
/// <param name="Token">Resolved; never told.</param>
/// <param name="Mode">Null: as it is; webhook for a new one.</param>
internal sealed record BotEntry(FilePosition At, string Name, long TelegramId, string Token, string? Mode)
{
    public string? WebhookSecret { get; init; }
    public string? SecretToken { get; init; }
    public string? BaseUrl { get; init; }
    public string? Label { get; init; }
    public int? RetentionDays { get; init; }
}

/// <param name="Bot">The Telegram id of the chat's bot.</param>
internal sealed record ChatEntry(FilePosition At, long Bot, long TelegramId, string? Label);

/// <param name="Scopes">Null: the default set of its kind.</param>
/// <param name="SecretFile">Where the text of a new key is written; null: it is shown once.</param>
internal sealed record KeyEntry(FilePosition At, string Name, bool IsAdmin, IReadOnlyList<string>? Scopes, long? ExpiresAtMs, string? SecretFile)
{
    public int? RatePerSecond { get; init; }
    public int? RateBurst { get; init; }
}

/// <param name="Password">Resolved; null: a user that is there keeps his, a new one cannot be made.</param>
internal sealed record UserEntry(FilePosition At, string Name, IReadOnlyList<string> Roles, string? Password, bool IsDisabled);

/// <param name="Key">The key's name; null: it is a user's grant.</param>
/// <param name="Bot">A Telegram id.</param>
/// <param name="Chat">A Telegram chat id; null: all chats of the bot.</param>
/// <param name="Thread">0: the whole chat.</param>
internal sealed record GrantEntry(FilePosition At, string? Key, string? User, long Bot, long? Chat, long Thread, bool CanRead, bool CanSend, bool CanManage);

/// <summary>A chat that pushes to a key.</summary>
/// <param name="Bot">A Telegram id.</param>
/// <param name="Chat">A Telegram chat id.</param>
internal sealed record FeedbackEntry(FilePosition At, string Key, long Bot, long Chat);
