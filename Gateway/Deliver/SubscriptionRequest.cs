namespace Gateway.Deliver;

/// <summary>What was wrong with a request, in the words of the error reply of every transport.</summary>
/// <param name="Code">Upper snake case; part of the API.</param>
/// <param name="Message">For people; never contains a secret.</param>
internal sealed record RequestError(string Code, string Message)
{
    /// <summary>When the same may be asked again; null: that depends on something else than time.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What is there and may not be seen. Only for the audit log: the client is told what it is told of nothing.</summary>
    public (string Type, long Id)? Hidden { get; init; }
}

internal enum Direction : byte
{
    Incoming,
    Outgoing,
    Both,
}

/// <summary>Where a subscription starts when it names no position.</summary>
internal enum StartFrom : byte
{
    Latest,
    Earliest,
}

/// <summary>A chat as a client names it: the gateway's id, or Telegram's within a bot (<c>tg:&lt;bot_id&gt;:&lt;telegram_chat_id&gt;</c>).</summary>
/// <param name="ChatId">The gateway's id; zero when the chat is named by Telegram's.</param>
internal readonly record struct ChatReference(long ChatId, long BotId, long TelegramChatId);

/// <summary>
/// A subscription as it was asked for (design section 5), not yet resolved against chats and grants. Every transport parses into this.
/// Chats and bots select (either one is enough); all other lists narrow that down, and an absent list narrows nothing.
/// </summary>
internal sealed record SubscriptionRequest
{
    /// <summary>The id of a subscription that stands in a URL.</summary>
    public const string DefaultId = "default";

    public string Id { get; init; } = DefaultId;
    public bool All { get; init; }
    public IReadOnlyList<ChatReference> Chats { get; init; } = [];
    public IReadOnlyList<long> BotIds { get; init; } = [];

    public IReadOnlyList<long> ThreadIds { get; init; } = [];
    public IReadOnlyList<long> FromUserIds { get; init; } = [];
    public IReadOnlyList<string> Commands { get; init; } = [];
    public IReadOnlyList<string> Types { get; init; } = [];
    public Direction Direction { get; init; }
    public bool ExcludeOwn { get; init; }

    public bool IncludeUpdate { get; init; }

    /// <summary>Start after this seq of <see cref="LogId"/> (null: the current log).</summary>
    public long? After { get; init; }
    public string? LogId { get; init; }

    /// <summary>Start at this time, Unix milliseconds.</summary>
    public long? SinceMs { get; init; }
    public StartFrom From { get; init; }
}

/// <summary>Either the request or what is wrong with it.</summary>
internal readonly record struct SubscriptionParse(SubscriptionRequest? Request, RequestError? Error)
{
    public static SubscriptionParse Refuse(string code, string message) => new(null, new RequestError(code, message));
}

/// <summary>Either where the subscription starts or why there is none.</summary>
internal readonly record struct SubscribeOutcome(Messages.LogPosition Position, RequestError? Error);

/// <summary>Either the final position of the subscription that ended or why none did.</summary>
internal readonly record struct UnsubscribeOutcome(Messages.LogPosition Position, RequestError? Error);
