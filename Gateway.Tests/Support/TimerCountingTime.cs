using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Support;

/// <summary>
/// A fake clock that tells when somebody has begun to wait on it, so that a test moves it then and not before: on a busy machine a
/// loop that moves it until something happens passes every deadline before the code under test has set its first timer.
/// </summary>
internal sealed class TimerCountingTime : FakeTimeProvider
{
    private readonly SemaphoreSlim timers = new(0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        timers.Release();
        return timer;
    }

    /// <summary>Waits for the next timer that was set and not yet waited for.</summary>
    public async Task TimerAsync() => Assert.True(await timers.WaitAsync(TimeSpan.FromSeconds(20)), "nobody waits on the clock");
}
