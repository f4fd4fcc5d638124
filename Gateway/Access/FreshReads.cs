using Gateway.Messages;

namespace Gateway.Access;

/// <summary>
/// Those who found nothing in memory and wait for a read of the control data that begins after they came: a read that was on its way may have
/// passed the row before it was written. All of them share the next one, so made-up secrets cost the database no more than one would.
/// </summary>
internal sealed class FreshReads(TimeProvider time)
{
    private readonly Lock gate = new();
    private TaskCompletionSource<bool> next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int waiting;

    /// <summary>Completes when somebody waits for the next read.</summary>
    public Task Asked
    {
        get
        {
            lock (gate) return asked.Task;
        }
    }

    /// <summary>True: everything in memory is at least as new as this call. False: that could not be found out.</summary>
    public async Task<bool> WaitAsync()
    {
        Task<bool> read;
        lock (gate)
        {
            if (waiting >= Limits.Access.FreshReadWaiters)
            {
                return false;
            }

            waiting++;
            read = next.Task;
            asked.TrySetResult();
        }

        try
        {
            return await read.WaitAsync(Limits.Access.FreshReadWait, time);
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (gate) waiting--;
        }
    }

    /// <summary>Before a read begins. What it finds is told to those who came before; who comes from now on waits for the one after.</summary>
    public TaskCompletionSource<bool> Begin()
    {
        lock (gate)
        {
            var mine = next;
            next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return mine;
        }
    }

    /// <summary>No read comes any more: that is the answer of all who wait, and of who comes.</summary>
    public void End()
    {
        lock (gate) next.TrySetResult(false);
    }
}
