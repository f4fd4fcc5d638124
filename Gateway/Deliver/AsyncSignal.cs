using System.Threading.Tasks.Sources;

namespace Gateway.Deliver;

/// <summary>
/// Wakes one waiting loop, without allocating: sets coalesce, a set before the wait is kept. Any thread sets, one loop waits.
/// The loop continues on the thread pool, never on the setter's stack.
/// </summary>
internal sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Waiting = 1;
    private const int Signalled = 2;

    private ManualResetValueTaskSourceCore<bool> core = new() { RunContinuationsAsynchronously = true };
    private int state;

    public void Set()
    {
        // Most sets meet a loop that is running and told already: a read is cheaper than a locked write on a line all producers share.
        if (Volatile.Read(ref state) != Signalled && Interlocked.Exchange(ref state, Signalled) == Waiting)
        {
            core.SetResult(true);
        }
    }

    public ValueTask WaitAsync()
    {
        core.Reset();
        if (Interlocked.CompareExchange(ref state, Waiting, Idle) == Signalled)
        {
            Clear();
            return ValueTask.CompletedTask;
        }

        return new ValueTask(this, core.Version);
    }

    public void GetResult(short token)
    {
        Clear();
        core.GetResult(token);
    }

    public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags);

    // A full fence, before the loop looks at its queues: either the loop sees what a setter queued, or the setter sees Idle and
    // sets again. A plain store could be delayed past the loop's reads, and that wake-up would be lost.
    private void Clear() => Interlocked.Exchange(ref state, Idle);
}
