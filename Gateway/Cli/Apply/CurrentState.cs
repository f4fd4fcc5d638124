namespace Gateway.Cli.Apply;

internal sealed record CurrentBot(long Id, long TelegramId, string? Username, string Mode, byte[] TokenHash, byte[] WebhookSecretHash, byte[]? SecretTokenHash, string? BaseUrl, string? Label = null, int? RetentionDays = null);

/// <param name="Bot">Telegram id, as in the file.</param>
/// <param name="Realm">Not empty: a chat that the file cannot name (of a business connection, of a guest).</param>
internal sealed record CurrentChat(long Id, long Bot, long TelegramId, string Realm, string? Label, long? MigratedTo);

/// <param name="IsFinished">False: it was made, and the process ended before anybody had its text.</param>
internal sealed record CurrentKey(long Id, string Name, bool IsAdmin, string? Scopes, long? ExpiresAtMs, int? RatePerSecond, int? RateBurst, bool IsFinished);

internal sealed record CurrentUser(long Id, string Name, string PasswordHash, bool IsDisabled, IReadOnlyList<string> Roles)
{
    public bool IsAdmin => !IsDisabled && Roles.Contains(Access.Roles.Admin);
}

/// <param name="KeyId">Null: a user's.</param>
/// <param name="BotId">Null: of one chat.</param>
internal sealed record CurrentGrant(long Id, long? KeyId, long? UserId, long? BotId, long? ChatId, long Thread, bool CanRead, bool CanSend, bool CanManage);

internal sealed record CurrentFeedback(long KeyId, long ChatId);

/// <summary>What there is now of what a configuration can name. Not removed bots, not revoked keys.</summary>
internal sealed record CurrentState(
    IReadOnlyList<CurrentBot> Bots,
    IReadOnlyList<CurrentKey> Keys,
    IReadOnlyList<CurrentUser> Users,
    IReadOnlyList<CurrentGrant> Grants,
    IReadOnlyList<CurrentFeedback> Feedback,
    IReadOnlyDictionary<long, CurrentChat> Chats)
{
    /// <summary>Of a gateway that is not there yet.</summary>
    public static readonly CurrentState Nothing = new([], [], [], [], [], new Dictionary<long, CurrentChat>());

    public CurrentBot? BotOf(long telegramId) => Bots.FirstOrDefault(bot => bot.TelegramId == telegramId);

    /// <summary>The chat where its events are now: a group that became a supergroup has moved on, and its grants with it.</summary>
    public CurrentChat? ChatOf(long bot, long telegramId)
    {
        var chat = Chats.Values.FirstOrDefault(each => each.Bot == bot && each.TelegramId == telegramId && each.Realm.Length == 0);
        while (chat?.MigratedTo is { } next && Chats.TryGetValue(next, out var later)) chat = later;
        return chat;
    }
}
