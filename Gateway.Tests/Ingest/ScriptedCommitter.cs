using System.Collections.Concurrent;
using System.Text;
using Gateway.Log;

namespace Gateway.Tests.Ingest;

/// <summary>Stands at the far end of a real commit queue: keeps what arrives and answers what the test says.</summary>
internal sealed class ScriptedCommitter : IAsyncDisposable
{
    private readonly ConcurrentQueue<(long Bot, string Body)> arrived = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;
    private volatile TaskCompletionSource added = NewSignal();
    private volatile TaskCompletionSource gate = NewSignal();

    public ScriptedCommitter()
    {
        gate.SetResult();
        loop = RunAsync();
    }

    public CommitQueue Queue { get; } = new();

    /// <summary>Changed by the test at any time.</summary>
    public volatile Func<string, CommitStatus> Answer = _ => CommitStatus.Stored;

    public IReadOnlyList<(long Bot, string Body)> Arrived => [.. arrived];

    /// <summary>What arrives from now on waits, as during a commit.</summary>
    public void Hold() => gate = NewSignal();

    public void Release() => gate.TrySetResult();

    public async Task WaitAsync(int count)
    {
        while (true)
        {
            var signal = added;
            if (arrived.Count >= count)
            {
                return;
            }

            await signal.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    private async Task RunAsync()
    {
        var seq = 0L;
        while (await Queue.WaitAsync(stop.Token))
        {
            while (Queue.TryTake(0, out var pending))
            {
                var body = Encoding.UTF8.GetString(pending.Item!.Update.Payload);
                arrived.Enqueue((pending.Item.Update.BotId, body));
                Interlocked.Exchange(ref added, NewSignal()).TrySetResult();
                await gate.Task.WaitAsync(stop.Token);
                pending.Complete(new CommitOutcome(Answer(body), ++seq));
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }
}
