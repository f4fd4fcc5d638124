namespace Gateway.Access;

internal enum GrantStatus
{
    Done,

    /// <summary>There is nothing to take back.</summary>
    NotGranted,

    /// <summary>No such user, no such key, or one that was revoked.</summary>
    PrincipalNotFound,
    BotNotFound,

    /// <summary>No such chat, or one that whoever gives may not see: nobody can tell which.</summary>
    ChatNotFound,

    /// <summary>Whoever gives sees it, but may not say who may do what there.</summary>
    NotManaged,

    /// <summary>Whoever gives does not have all of these rights.</summary>
    NotHeld,
}

/// <param name="Id">The grant's.</param>
/// <param name="Rights">What is granted now.</param>
internal readonly record struct GrantOutcome(GrantStatus Status, long Id = 0, long BotId = 0, long ChatId = 0, ChatRights Rights = ChatRights.None)
{
    /// <summary>For the transaction: a refusal leaves no row of a chat behind, and makes no gateway look again.</summary>
    public static readonly Func<GrantOutcome, bool> IsChange = static outcome => outcome.Status == GrantStatus.Done;

    /// <summary>The bot or chat is there, and whoever gives may not see it. Only for the audit log: it is answered as if it were not.</summary>
    public bool IsHidden { get; init; }
}

/// <summary>What rights are on: a bot with all its chats, or a chat, or one thread of it (<see cref="ThreadId"/> 0: the whole chat).</summary>
internal readonly record struct GrantTarget(long? BotId, ChatName Chat, long ThreadId)
{
    public static GrantTarget Bot(long botId) => new(botId, default, 0);

    public static GrantTarget InChat(ChatName chat, long threadId = 0) => new(null, chat, threadId);
}
