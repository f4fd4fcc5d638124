using System.Collections.Concurrent;
using Gateway.Log;
using Gateway.Log.MySql;
using Gateway.Messages;
using Gateway.Publish;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using SampleUpdates = Gateway.Tests.Log.SampleUpdates;

namespace Gateway.Tests.Faults;

/// <summary>
/// A group committer on a MySQL store, senders that repeat an update until it is acknowledged (as Telegram does), and a record of
/// everything that was acknowledged and published.
/// </summary>
internal sealed class CommitterUnderLoad : IAsyncDisposable
{
    private readonly MySqlLogStore store;
    private readonly CommitQueue queue = new();
    private readonly PublishQueue publish = new();
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<long, long> acknowledged = new();
    private readonly List<Task> senders = [];
    private readonly Task committer;
    private DeliveredLog? delivered;
    private long nextUpdateId;
    private long unavailable;

    private CommitterUnderLoad(StorageUrl url)
    {
        store = new MySqlLogStore(url, TimeProvider.System, NullLogger.Instance);
        committer = new GroupCommitter(queue, store, publish, new HighWater(), TimeProvider.System, NullLogger.Instance).RunAsync(default);
    }

    /// <param name="delivers">What is committed goes on to a subscriber (<see cref="DeliveredLog"/>), instead of into <see cref="Published"/>.</param>
    public static async Task<CommitterUnderLoad> StartAsync(string url, int senders, bool delivers = false)
    {
        StorageUrl parsed = StorageUrl.TryParse(url, out string reason) ?? throw new InvalidOperationException(reason);
        await using var database = new MySqlDatabase(parsed);
        MigrationOutcome migration = await new Migrator(database, TimeProvider.System).MigrateAsync(default);
        Assert.True(migration.IsReady, migration.Reason);
        var load = new CommitterUnderLoad(parsed);
        if (delivers) load.delivered = await DeliveredLog.StartAsync(load.publish, load.store, parsed);
        else _ = load.ReadPublishedAsync();
        for (int i = 0; i < senders; i++) load.senders.Add(Task.Run(load.SendAsync));
        return load;
    }

    /// <summary>Update id to seq, of every update that was answered as durable.</summary>
    public IReadOnlyDictionary<long, long> Acknowledged => acknowledged;

    /// <summary>Every event handed to the publisher, by log id and seq; two payloads under one are a failure of <see cref="ReadPublishedAsync"/>.</summary>
    public ConcurrentDictionary<(string LogId, long Seq), byte[]> Published { get; } = new();

    public ConcurrentBag<string> Conflicts { get; } = [];

    public long UnavailableAnswers => Interlocked.Read(ref unavailable);

    public ILogStore Store => store;

    /// <summary>Waits until so many more updates are acknowledged.</summary>
    public async Task MoreAcknowledgedAsync(int count, TimeSpan within)
    {
        int target = acknowledged.Count + count;
        await Poll.UntilAsync(() => acknowledged.Count >= target, within, () => $"{acknowledged.Count} of {target} acknowledged");
    }

    /// <summary>Waits until so many were refused in all.</summary>
    public Task UnavailableAnswersAsync(long count, TimeSpan within) =>
        Poll.UntilAsync(() => UnavailableAnswers >= count, within, () => $"{UnavailableAnswers} of {count} refused");

    public async Task StopSendingAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(senders).WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>The whole log, page by page.</summary>
    public async Task<List<LogEvent>> ReadAllAsync()
    {
        var events = new List<LogEvent>();
        long after = 0;
        while (true)
        {
            LogPage page = (await store.ReadPageAsync(new LogQuery(after), default)) ?? throw new InvalidOperationException("the log cannot be read");
            events.AddRange(page.Events);
            if (page.ThroughSeq >= page.Head.Seq) return events;
            after = page.ThroughSeq;
        }
    }

    /// <summary>Each acknowledged update stands in the log once, under the seq it was told; the numbers have no holes; what was published is what the log says, and a subscriber got all of it.</summary>
    public async Task AssertLogIsExactAsync()
    {
        List<LogEvent> events = await ReadAllAsync();
        Assert.Equal(Enumerable.Range(1, events.Count).Select(seq => (long)seq), events.Select(e => e.Seq));
        Dictionary<long, long> seqOfUpdate = events.ToDictionary(e => e.Facts.UpdateId!.Value, e => e.Seq);
        foreach ((long updateId, long seq) in acknowledged) Assert.Equal(seq, seqOfUpdate[updateId]);
        foreach (LogEvent logged in events)
        {
            if (Published.TryGetValue((logged.LogId, logged.Seq), out byte[]? payload)) Assert.Equal(logged.Payload, payload);
        }

        Assert.Equal(events.Count, publish.Head.Seq);
        Assert.Empty(Conflicts);
        if (delivered is not null) await delivered.AssertCompleteAsync(events.Count);
        else Assert.NotEmpty(Published);
    }

    public async ValueTask DisposeAsync()
    {
        await StopSendingAsync();
        queue.Drain();
        await committer.WaitAsync(TimeSpan.FromSeconds(60));
        if (delivered is not null) await delivered.DisposeAsync();
        await store.DisposeAsync();
        stop.Dispose();
    }

    private async Task SendAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            long updateId = Interlocked.Increment(ref nextUpdateId);
            await SendUntilAcknowledgedAsync(updateId);
        }
    }

    private async Task SendUntilAcknowledgedAsync(long updateId)
    {
        IncomingUpdate update = SampleUpdates.Message(updateId, updateId, $"text {updateId}", chat: -(updateId % 7) - 1).Update;
        while (true)
        {
            CommitOutcome outcome = await queue.CommitAsync(update, default);
            if (outcome.IsDurable)
            {
                Assert.True(acknowledged.TryAdd(updateId, outcome.Seq));
                return;
            }

            Interlocked.Increment(ref unavailable);
            if (stop.IsCancellationRequested) return;
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private async Task ReadPublishedAsync()
    {
        await foreach (PublishBatch batch in publish.Reader.ReadAllAsync())
        {
            foreach (LogEvent published in batch.Events)
            {
                byte[] kept = Published.GetOrAdd((published.LogId, published.Seq), published.Payload);
                if (!kept.AsSpan().SequenceEqual(published.Payload)) Conflicts.Add($"{published.LogId}-{published.Seq} names two payloads");
            }
        }
    }
}
