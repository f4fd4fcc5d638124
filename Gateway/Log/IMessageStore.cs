using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// The messages projection as it is read, and its full-text index, on one database engine. Any thread may call; like
/// <see cref="ILogStore"/> no call throws for a state of the database: null is the answer of one that does not answer.
/// </summary>
internal interface IMessageStore
{
    /// <summary>One page, newest first, from one snapshot (SQLite) or of rows that were all there when the page was read (MySQL).</summary>
    ValueTask<MessagePage?> ReadAsync(MessageQuery query, CancellationToken cancellation);

    /// <summary>A page of one message, or of none where there is no such message.</summary>
    ValueTask<MessagePage?> FindAsync(long messageId, CancellationToken cancellation);

    /// <summary>The texts that became new since the index's cursor, in seq order, at most a step's worth.</summary>
    ValueTask<UnindexedTexts?> ReadUnindexedAsync(CancellationToken cancellation);

    /// <summary>
    /// Writes the step and moves the cursor in one transaction; a message that retention deleted meanwhile is left out. False: the cursor is
    /// no longer where the step began (another process took it), and nothing was written.
    /// </summary>
    ValueTask<bool?> WriteIndexAsync(IndexStep step, CancellationToken cancellation);
}

/// <summary>
/// Messages with <c>id &lt; BeforeId</c> whose chat is in <c>ChatIds</c>, whose bot is in <c>BotIds</c> or whose thread is in <c>Threads</c> (all three
/// null: all), and which match everything else that is set.
/// </summary>
internal sealed record MessageQuery(long BeforeId, int Limit)
{
    public IReadOnlyCollection<long>? ChatIds { get; init; }
    public IReadOnlyCollection<long>? BotIds { get; init; }
    public IReadOnlyCollection<(long ChatId, long ThreadId)>? Threads { get; init; }
    public SearchQuery? Search { get; init; }
    public long? FromUserId { get; init; }
    public long? ThreadId { get; init; }
    public string? MessageType { get; init; }

    /// <summary>Asked of every row before it is on the page (law L7); null: all may be read.</summary>
    public Func<MessageRow, bool>? MayRead { get; init; }

    public bool IsOfAll => ChatIds is null && BotIds is null && Threads is null;

    /// <summary>Of no chat, bot or thread: the page is empty. Never asked of an engine, which may take an empty condition for none.</summary>
    public bool IsOfNone => !IsOfAll && ChatIds is not { Count: > 0 } && BotIds is not { Count: > 0 } && Threads is not { Count: > 0 };

    /// <summary>Where threads are: without a search there is no index of threads, and their chats' events are walked.</summary>
    public IEnumerable<long> WalkedChats => Threads is null ? ChatIds ?? [] : (ChatIds ?? []).Concat(Threads.Select(each => each.ChatId)).Distinct();

    /// <summary>Of a walk over a thread's chat not everything is asked for.</summary>
    public bool IsIn(MessageRow row) => Threads is null || ChatIds?.Contains(row.ChatId) == true || BotIds?.Contains(row.BotId) == true
        || (row.ThreadId is { } thread && Threads.Contains((row.ChatId, thread)));
}

/// <param name="NextBeforeId">Where the next page begins; null: there is nothing more.</param>
internal sealed record MessagePage(IReadOnlyList<MessageRow> Messages, long? NextBeforeId);

/// <summary>One message as its newest edit left it. Zero ids are none.</summary>
internal sealed record MessageRow(long Id, long BotId, long ChatId)
{
    public long TelegramId { get; init; }
    public long TelegramChatId { get; init; }
    public bool IsOutgoing { get; init; }
    public string? MessageType { get; init; }
    public string? Text { get; init; }
    public long? FromUserId { get; init; }
    public long? ThreadId { get; init; }
    public string? MediaGroupId { get; init; }
    public long ReplyToId { get; init; }
    public long? DateSeconds { get; init; }
    public long? EditDateSeconds { get; init; }
    public long LastSeq { get; init; }
}

/// <param name="Cursor">The index's cursor as it was found.</param>
/// <param name="ThroughSeq">Everything up to here is in this step or needs no index.</param>
internal sealed record UnindexedTexts(long Cursor, long ThroughSeq, long HeadSeq, IReadOnlyList<UnindexedText> Texts);

/// <param name="ThreadId">Zero: none.</param>
/// <param name="IsEdit">The message may be in the index with another text.</param>
internal readonly record struct UnindexedText(long MessageId, long BotId, long ChatId, long ThreadId, string? Text, bool IsEdit);

internal sealed record IndexStep(long Cursor, long ThroughSeq, IReadOnlyList<IndexedMessage> Messages);

/// <param name="Terms">Empty: the message has no words (any more) and leaves the index.</param>
internal readonly record struct IndexedMessage(long MessageId, long BotId, long ChatId, string Terms);
