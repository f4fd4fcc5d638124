using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// The log on one database engine: SQLite (one process) or MySQL/MariaDB (any number). This comment is the contract; the
/// store test suite is its proof, run over both.
/// <list type="bullet">
/// <item><see cref="CommitAsync"/> is called by one loop, never concurrently with itself. All other calls may run at any time.</item>
/// <item>A commit writes events, chats, messages projection and head in one transaction. The head row is locked first, so commit
/// order is seq order; seq advances by the number of rows really inserted, so there are no holes.</item>
/// <item>No call throws for a state of the database; it answers an outcome. An exception is a bug.</item>
/// </list>
/// </summary>
internal interface ILogStore : IAsyncDisposable
{
    /// <summary>
    /// Writes the batch in one transaction and fills each item's result. On any outcome but <see cref="BatchOutcome.Committed"/>
    /// nothing is known to be written, the connection was closed, and the same batch may be given again: dedup makes that safe.
    /// </summary>
    /// <param name="floor">
    /// The highest position this deployment has seen (seq 0 when none). A head with this log id and a lower seq means the database
    /// was restored or failed over to a lagging copy: <see cref="BatchOutcome.HeadMovedBack"/>, nothing written.
    /// </param>
    ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor);

    /// <summary>
    /// Gives the log a new identity after its head moved back: records the old one in <c>log_history</c> with the seq it reaches in this
    /// database, sets the head to <paramref name="floor"/>'s seq + <see cref="Limits.Log.ResetJump"/> and writes a
    /// <see cref="GatewayEventKinds.LogReset"/> event there, all in one transaction under the head lock. Where another process did it
    /// first (the log id is no longer the floor's), nothing is changed. Answers the event that now stands first under the current identity,
    /// or null when the database cannot be written now.
    /// </summary>
    ValueTask<LogEvent?> ResetAsync(LogPosition floor);

    /// <summary>The current head; null when the database does not answer.</summary>
    ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation);

    /// <summary>One page of history from one snapshot; null when the database does not answer.</summary>
    ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation);

    /// <summary>
    /// The last seq whose event was committed before the time (0 when there is none), so that reading after it starts at the time.
    /// Found by bisection, because <c>created_at</c> never decreases with seq. Null when the database does not answer.
    /// </summary>
    ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation);

    /// <summary>
    /// Deletes at most <paramref name="maxRows"/> of the bot's oldest events committed before the time, with their messages, and raises the
    /// bot's <c>retained_from</c> in the same transaction. Answers the number deleted, fewer than the rows where they are large and zero
    /// only when none is left, or null when the database does not answer.
    /// </summary>
    ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation);
}

/// <summary>What a store says of a batch.</summary>
internal enum BatchOutcome
{
    /// <summary>Durable; every item has its result and <see cref="CommitBatch.Head"/> is set.</summary>
    Committed,

    /// <summary>Deadlock, lock time-out, or the connection was lost (the commit's fate is then unknown): give the same batch again.</summary>
    Retry,

    /// <summary>The engine refused the data of some item: bisect. Never said of a database that is away.</summary>
    DataRefused,

    /// <summary>The database cannot be reached or written: answer the waiters, try again later.</summary>
    Unavailable,

    /// <summary>See the floor parameter of <see cref="ILogStore.CommitAsync"/>.</summary>
    HeadMovedBack,
}

/// <param name="CreatedAtMs">The newest commit's time.</param>
internal readonly record struct LogHead(string LogId, long Seq, long CreatedAtMs);

/// <summary>
/// What to read: events with <c>AfterSeq &lt; seq &lt;= ThroughSeq</c> whose chat is in <c>ChatIds</c> or whose bot is in <c>BotIds</c>
/// (both null: all events). At most <c>MaxEvents</c> and about <c>MaxBytes</c>.
/// </summary>
internal sealed record LogQuery(long AfterSeq)
{
    public long ThroughSeq { get; init; } = long.MaxValue;
    public IReadOnlyCollection<long>? ChatIds { get; init; }
    public IReadOnlyCollection<long>? BotIds { get; init; }
    public int MaxEvents { get; init; } = Limits.Log.PageEvents;
    public int MaxBytes { get; init; } = Limits.Log.PageBytes;
}

/// <summary>One page of the log and what was true in its snapshot.</summary>
/// <param name="ThroughSeq">Everything that matches up to here is in this page or an earlier one; the next page starts after it.</param>
/// <param name="Retained">Bots (with at least one matching or any event deleted) whose <c>retained_from</c> lies above <c>AfterSeq + 1</c>: for them the page has a gap.</param>
internal sealed record LogPage(LogHead Head, IReadOnlyList<LogEvent> Events, long ThroughSeq, IReadOnlyList<BotRetention> Retained);

/// <param name="RetainedFrom">The first seq from which every event of the bot is still in the log.</param>
internal readonly record struct BotRetention(long BotId, long RetainedFrom);
