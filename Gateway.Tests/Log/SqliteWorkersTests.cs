using Gateway.Log.Sqlite;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Log;

public sealed class SqliteWorkersTests
{
    private sealed class Session : IDisposable
    {
        public void Dispose()
        {
            // Nothing is held.
        }
    }

    [Fact]
    public async Task Requests_OverThreadsAndLine_AreAnsweredAtOnceAndTheOthersRun()
    {
        using var gate = new ManualResetEventSlim();
        using var begun = new SemaphoreSlim(0);
        var (atOnce, most) = (0, 0);
        await using var workers = new SqliteWorkers<Session>("test", Limits.Log.ReaderThreads, Limits.Log.StoreRequests, () => new Session());
        Task<bool> Ask() => workers.RunAsync(
            _ =>
            {
                lock (begun) most = Math.Max(most, ++atOnce);
                begun.Release();
                gate.Wait();
                lock (begun) atOnce--;
                return true;
            },
            _ => false,
            default);
        var running = Enumerable.Range(0, Limits.Log.ReaderThreads).Select(_ => Ask()).ToArray();
        foreach (var _ in running) Assert.True(await begun.WaitAsync(TimeSpan.FromSeconds(20)));
        var waiting = Enumerable.Range(0, Limits.Log.StoreRequests).Select(_ => Ask()).ToArray();

        var oneMore = Ask();
        Assert.True(oneMore.IsCompleted);
        Assert.False(await oneMore);
        gate.Set();
        Assert.All(await Task.WhenAll([.. running, .. waiting]), Assert.True);
        Assert.Equal(Limits.Log.ReaderThreads, most);
    }
}
