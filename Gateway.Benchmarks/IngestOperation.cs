using Gateway.Log;
using Gateway.Publish;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>256 updates at once through the commit queue and the group committer into SQLite, each with a waiter: the way of a webhook request between its body and its answer.</summary>
internal sealed class IngestOperation() : Operation("queue and group commit")
{
    private readonly BenchmarkDatabase database = new();
    private readonly CommitQueue queue = new();
    private readonly PublishQueue publish = new();
    private readonly Task<CommitOutcome>[] waiters = new Task<CommitOutcome>[PerRun];
    private Task loop = Task.CompletedTask;
    private long next = 1;

    public override async ValueTask SetUpAsync()
    {
        await database.MigrateAsync();
        loop = new GroupCommitter(queue, database.Store, publish, new HighWater(), TimeProvider.System, NullLogger.Instance).RunAsync(CancellationToken.None);
    }

    public override async Task RunAsync()
    {
        for (int index = 0; index < PerRun; index++)
        {
            waiters[index] = queue.CommitAsync(Samples.Incoming(next++), CancellationToken.None).AsTask();
        }

        foreach (CommitOutcome outcome in await Task.WhenAll(waiters))
        {
            if (outcome.Status != CommitStatus.Stored)
            {
                throw new InvalidOperationException($"not stored: {outcome}");
            }
        }

        while (publish.Reader.TryRead(out _))
        {
            // The publisher's place: what was committed goes on.
        }
    }

    public override async ValueTask DisposeAsync()
    {
        queue.Drain();
        await loop;
        await database.DisposeAsync();
    }
}
