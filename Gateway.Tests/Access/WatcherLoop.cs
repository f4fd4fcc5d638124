using Gateway.Access;

namespace Gateway.Tests.Access;

/// <summary>The watcher's loop: runs until this is disposed, and has ended then.</summary>
internal sealed class WatcherLoop : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;

    public WatcherLoop(ControlVersionWatcher watcher) => loop = watcher.RunAsync(stop.Token);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop);
        stop.Dispose();
    }
}
