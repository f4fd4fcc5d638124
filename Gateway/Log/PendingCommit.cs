using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// One item on its way through the committer and the waiter for its outcome, taken from a pool so that a commit costs no
/// allocation beyond its key. The waiter's await returns it, so nothing may touch it after <see cref="Complete"/>.
/// </summary>
internal sealed class PendingCommit : IValueTaskSource<CommitOutcome>
{
    private static readonly ConcurrentQueue<PendingCommit> Pool = new();
    private static int pooled;

    // Asynchronously: the waiter goes on in the thread pool, not on the committer's loop, which has the next batch to write.
    private ManualResetValueTaskSourceCore<CommitOutcome> core = new() { RunContinuationsAsynchronously = true };

    private PendingCommit()
    {
    }

    /// <summary>Null in the wake-up that asks for an empty commit.</summary>
    public CommitItem? Item { get; private set; }

    public int PayloadBytes => Item?.Update.Payload.Length ?? 0;

    public static PendingCommit Rent(CommitItem? item)
    {
        if (Pool.TryDequeue(out var pending)) Interlocked.Decrement(ref pooled);
        else pending = new PendingCommit();
        pending.Item = item;
        return pending;
    }

    public ValueTask<CommitOutcome> Task => new(this, core.Version);

    public void Complete(CommitOutcome outcome) => core.SetResult(outcome);

    CommitOutcome IValueTaskSource<CommitOutcome>.GetResult(short token)
    {
        var outcome = core.GetResult(token);
        core.Reset();
        Return();
        return outcome;
    }

    /// <summary>For one that nobody awaits.</summary>
    public void Return()
    {
        Item = null;
        if (Interlocked.Increment(ref pooled) <= Limits.Log.CommitQueueUpdates) Pool.Enqueue(this);
        else Interlocked.Decrement(ref pooled);
    }

    ValueTaskSourceStatus IValueTaskSource<CommitOutcome>.GetStatus(short token) => core.GetStatus(token);

    void IValueTaskSource<CommitOutcome>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags);
}
