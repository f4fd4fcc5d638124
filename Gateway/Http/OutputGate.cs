using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>
/// One for each connection: those whose bytes wait in it are asked, each time before some of them leave. Over HTTP/2 there are several, and what
/// one of them may not send any more cannot be taken out from between the others': the connection ends for all.
/// </summary>
internal sealed class OutputGate(TimeProvider time)
{
    private readonly Lock gate = new();

    // Replaced, never changed: the sending loop reads it without the lock.
    private volatile Func<RestStatus>[] guards = [];

    public bool IsGuarded => guards.Length > 0;

    /// <summary>Now; where not, <see cref="MayLeaveAsync"/> says whether it is a matter of time.</summary>
    public bool MayLeave => Check() == RestStatus.Send;

    /// <summary>Null where nothing stands between the server and the socket: in tests without one.</summary>
    public static OutputGate? Of(HttpContext context) => context.Features.Get<OutputGate>();

    /// <param name="guard">Asked on any thread; <see cref="RestStatus.Send"/> while nothing of its own is on the way.</param>
    public void Add(Func<RestStatus> guard)
    {
        lock (gate)
        {
            guards = [.. guards, guard];
        }
    }

    /// <param name="last">Ends when nothing more is on the way, or the connection has ended.</param>
    public void RemoveAfter(Func<RestStatus> guard, Task last)
    {
        if (last.IsCompleted)
        {
            Remove(guard);
            return;
        }

        _ = last.ContinueWith(_ => Remove(guard), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public void Remove(Func<RestStatus> guard)
    {
        lock (gate)
        {
            guards = Array.FindAll(guards, one => one != guard);
        }
    }

    /// <summary>Waits while permissions are not known. False: what is on the way must not leave, or the connection is over.</summary>
    public async ValueTask<bool> MayLeaveAsync(CancellationToken closed)
    {
        while (true)
        {
            var status = Check();
            if (status != RestStatus.Hold || closed.IsCancellationRequested)
            {
                return status == RestStatus.Send;
            }

            await Task.Delay(Limits.Deliver.Tick, time, CancellationToken.None);
        }
    }

    private RestStatus Check()
    {
        var worst = RestStatus.Send;
        foreach (var guard in guards)
        {
            worst = (RestStatus)Math.Max((int)worst, (int)guard());
        }

        return worst;
    }
}
