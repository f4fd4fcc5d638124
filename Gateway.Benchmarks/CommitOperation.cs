using Gateway.Log;

namespace Gateway.Benchmarks;

/// <summary>One transaction of 256 new updates in SQLite; parsing included, because nothing is committed without.</summary>
internal sealed class CommitOperation() : Operation("commit to SQLite")
{
    private readonly BenchmarkDatabase database = new();
    private readonly CommitItem[] items = new CommitItem[PerRun];
    private long next = 1;

    public override async ValueTask SetUpAsync() => await database.MigrateAsync();

    public override async Task RunAsync()
    {
        for (int index = 0; index < PerRun; index++)
        {
            var update = Samples.Incoming(next++);
            items[index] = new CommitItem { Update = update, DedupKey = DedupKey.Of(update) };
        }

        BatchOutcome outcome = await database.Store.CommitAsync(new CommitBatch(items), default);
        if (outcome != BatchOutcome.Committed)
        {
            throw new InvalidOperationException($"not committed: {outcome}");
        }
    }

    public override ValueTask DisposeAsync() => database.DisposeAsync();
}
