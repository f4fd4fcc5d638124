using Gateway.Log;
using Gateway.Messages;
using Gateway.Publish;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Log;

/// <summary>A running committer over a store, and what it handed to the publisher.</summary>
internal sealed class Committing
{
    /// <summary>The longest a test waits for a signal before it fails.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource abandon = new();
    private readonly Task loop;

    public Committing(ILogStore store, TimeProvider time, HighWater? highWater = null, Func<CommitQueue, ChatMigration>? migrationsOf = null)
    {
        HighWater = highWater ?? new HighWater();
        Migrations = migrationsOf?.Invoke(Queue);
        Committer = new GroupCommitter(Queue, store, Published, HighWater, time, NullLogger.Instance, Migrations);
        loop = Committer.RunAsync(abandon.Token);
    }

    public CommitQueue Queue { get; } = new();

    public PublishQueue Published { get; } = new();

    public HighWater HighWater { get; }

    public ChatMigration? Migrations { get; }

    public GroupCommitter Committer { get; }

    public Task Loop => loop;

    public Task<CommitOutcome> CommitAsync(IncomingUpdate update) => Queue.CommitAsync(update, default).AsTask().WaitAsync(Patience);

    /// <summary>The next published event of the kind.</summary>
    public async Task<LogEvent> PublishedAsync(string kind)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var batch = await Published.Reader.ReadAsync(patience.Token);
            foreach (var published in batch.Events)
                if (published.Kind == kind) return published;
        }
    }

    public async Task StopAsync()
    {
        Queue.Drain();
        await loop.WaitAsync(Patience);
    }

    public async Task AbandonAsync()
    {
        await abandon.CancelAsync();
        await loop.WaitAsync(Patience);
    }
}
