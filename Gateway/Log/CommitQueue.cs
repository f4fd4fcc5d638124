using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// The committer's inbox: bounded by count and bytes, never blocks. While the database is away it answers at once, so that
/// Telegram keeps its updates instead of queueing them here.
/// </summary>
internal sealed class CommitQueue
{
    // One more than the counted bound, for the request to check the head.
    private readonly Channel<PendingCommit> channel = Channel.CreateBounded<PendingCommit>(
        new BoundedChannelOptions(Limits.Log.CommitQueueUpdates + 1) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private int updates;
    private long bytes;
    private int headCheckQueued;
    private volatile bool isDraining;
    private volatile bool isAway;
    private volatile string? reason = "the first commit has not been tried yet";

    /// <summary>True when the last attempt to commit succeeded; false before the first.</summary>
    public bool IsWritable => reason is null;

    /// <summary>Why not, for <c>/ready</c>; null when writable.</summary>
    public string? UnwritableReason => reason;

    public int QueuedUpdates => Volatile.Read(ref updates);

    /// <summary>The database does not take commits: arrivals are answered without waiting for it.</summary>
    public bool IsAway => isAway;

    public bool IsDraining => isDraining;

    /// <summary>
    /// Stores an update; completes when it is durable or certainly not going to be. The token does not withdraw what is queued:
    /// an update that arrived is stored, whether its sender still waits or not.
    /// </summary>
    public ValueTask<CommitOutcome> CommitAsync(IncomingUpdate update, CancellationToken cancellation) =>
        cancellation.IsCancellationRequested
            ? ValueTask.FromCanceled<CommitOutcome>(cancellation)
            : Enqueue(new CommitItem { Update = update, DedupKey = DedupKey.Of(update) });

    /// <summary>Stores an event that the gateway makes. The key says when two are the same: <c>g:&lt;unique&gt;</c>.</summary>
    public ValueTask<CommitOutcome> CommitGatewayEventAsync(string kind, long botId, long chatId, byte[] payload, string dedupKey) =>
        Enqueue(new CommitItem
        {
            Update = new IncomingUpdate(botId, payload, new UpdateFacts { Kind = kind }),
            DedupKey = dedupKey,
            KnownChatId = chatId,
        });

    /// <summary>
    /// Has the head compared with the highest seen by an empty commit. Called by whoever reads a head lower than it should be; asking
    /// again before it is done adds nothing.
    /// </summary>
    public void RequestHeadCheck()
    {
        if (Interlocked.Exchange(ref headCheckQueued, 1) == 0) channel.Writer.TryWrite(PendingCommit.Rent(null));
    }

    /// <summary>From now on arrivals are refused; the committer finishes what is queued and its loop ends.</summary>
    public void Drain()
    {
        isDraining = true;
        channel.Writer.TryComplete();
    }

    private ValueTask<CommitOutcome> Enqueue(CommitItem item)
    {
        if (isDraining) return Answer(CommitStatus.ShuttingDown);
        if (isAway) return Answer(CommitStatus.Unavailable);
        var bytes = item.Update.Payload.Length;
        if (Interlocked.Increment(ref updates) > Limits.Log.CommitQueueUpdates
            | Interlocked.Add(ref this.bytes, bytes) > Limits.Log.CommitQueueBytes)
        {
            Forget(bytes);
            return Answer(CommitStatus.QueueFull);
        }

        var pending = PendingCommit.Rent(item);
        // Taken before the write: from there on the committer may complete it at any moment.
        var task = pending.Task;
        if (channel.Writer.TryWrite(pending)) return task;
        pending.Return();
        Forget(bytes);
        return Answer(CommitStatus.ShuttingDown);
    }

    private static ValueTask<CommitOutcome> Answer(CommitStatus status)
    {
        LogTelemetry.Commits.Add(1, LogTelemetry.TagOf(status));
        return ValueTask.FromResult(new CommitOutcome(status, 0));
    }

    private void Forget(int bytes)
    {
        Interlocked.Decrement(ref updates);
        Interlocked.Add(ref this.bytes, -bytes);
    }

    // The committer's side.

    /// <summary>False when drained and empty.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => channel.Reader.WaitToReadAsync(cancellation);

    /// <summary>The next one, unless there is none or it would bring a batch of <paramref name="batchBytes"/> over its bound.</summary>
    public bool TryTake(long batchBytes, [NotNullWhen(true)] out PendingCommit? pending)
    {
        if (!channel.Reader.TryPeek(out pending)) return false;
        if (batchBytes > 0 && batchBytes + pending.PayloadBytes > Limits.Log.BatchBytes) return false;
        if (!channel.Reader.TryRead(out pending)) return false;
        if (pending.Item is null) Volatile.Write(ref headCheckQueued, 0);
        else Forget(pending.PayloadBytes);
        return true;
    }

    public void SetWritable()
    {
        isAway = false;
        reason = null;
    }

    public void SetAway(string reason)
    {
        this.reason = reason;
        isAway = true;
    }
}
