using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Tests.Deliver;

/// <summary>A store whose page reads can be held, counted and looked at.</summary>
internal sealed class WatchedStore(ILogStore inner) : ILogStore
{
    private readonly Lock gate = new();
    private readonly List<LogPage> pages = [];
    private readonly List<LogQuery> queries = [];
    private int reading;

    /// <summary>While set, page reads wait for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>Such pages cannot be read: a bug, not a database that is away.</summary>
    public Predicate<LogQuery>? IsUnreadable { get; init; }

    /// <summary>While set, what is read stops where it began, as in a log whose head moved back.</summary>
    public volatile bool IsStuck;

    /// <summary>While set, pages go on to the end of the log, as those do that a shard asked for which is ahead.</summary>
    public volatile bool IsAhead;

    /// <summary>Released once for each page read that begins.</summary>
    public SemaphoreSlim Begun { get; } = new(0);

    public int MostAtOnce { get; private set; }

    public IReadOnlyList<LogPage> Pages
    {
        get
        {
            lock (gate) return [.. pages];
        }
    }

    /// <summary>What was asked for, in the order the reads began.</summary>
    public IReadOnlyList<LogQuery> Queries
    {
        get
        {
            lock (gate) return [.. queries];
        }
    }

    public async ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation)
    {
        if (IsUnreadable?.Invoke(query) is true) throw new InvalidDataException("a row that cannot be read");
        lock (gate)
        {
            MostAtOnce = Math.Max(MostAtOnce, ++reading);
            queries.Add(query);
        }

        Begun.Release();
        if (Gate is { } closed) await closed.Task;
        var page = await inner.ReadPageAsync(IsAhead ? query with { ThroughSeq = long.MaxValue } : query, cancellation);
        lock (gate)
        {
            reading--;
            pages.Add(page!);
        }

        return IsStuck ? page! with { Events = [], ThroughSeq = query.AfterSeq } : page;
    }

    public ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor) => inner.CommitAsync(batch, floor);

    public ValueTask<LogEvent?> ResetAsync(LogPosition floor) => inner.ResetAsync(floor);

    public ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation) => inner.ReadHeadAsync(cancellation);

    public ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation) => inner.FindSeqBeforeAsync(unixMs, cancellation);

    public ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation) =>
        inner.DeleteExpiredAsync(botId, beforeUnixMs, maxRows, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
