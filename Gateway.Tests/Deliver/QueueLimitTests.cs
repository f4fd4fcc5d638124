using Gateway.Deliver;
using Gateway.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>The bounds between the bus reader and a connection's socket: the shard's inbox, a connection's queue, the ring.</summary>
public sealed class QueueLimitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task ShardBatches_OneTooMany_WaitsUntilOneIsTaken()
    {
        await using var hub = await HubHarness.StartAsync();
        var shard = ShardOf(hub);
        for (var i = 1; i <= Limits.Deliver.ShardBatches; i++)
        {
            Assert.True(shard.OfferAsync(new EventBatch(new LogPosition("a", i), []), default).AsTask().IsCompleted);
        }

        var oneMore = shard.OfferAsync(new EventBatch(new LogPosition("a", 99), []), default).AsTask();
        Assert.False(oneMore.IsCompleted);

        await RunUntilAsync(shard, oneMore);
    }

    [Fact]
    public async Task ShardBytes_Full_WaitsUntilOneIsTaken()
    {
        await using var hub = await HubHarness.StartAsync();
        var shard = ShardOf(hub);
        // Alone also what is larger than the whole room.
        Assert.True(shard.OfferAsync(Batch(1, (int)Limits.Deliver.ShardBytes), default).AsTask().IsCompleted);
        var oneMore = shard.OfferAsync(Batch(2, 0), default).AsTask();
        Assert.False(oneMore.IsCompleted);

        await RunUntilAsync(shard, oneMore);

        static EventBatch Batch(long seq, int bytes) => new(new LogPosition("a", seq), [Event(seq, bytes)]);
    }

    [Fact]
    public async Task QueueEvents_OneTooMany_TheConnectionLags()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        await PublishAsync(hub, Limits.Deliver.QueueEvents);
        Assert.Null(outlet.Connection.Lag);

        await PublishAsync(hub, 1);
        Assert.NotNull(outlet.Connection.Lag);

        outlet.Unblock();
        await outlet.UntilAsync(o => o.Bare.Length == Limits.Deliver.QueueEvents + 2);
        Assert.Equal(Enumerable.Range(1, Limits.Deliver.QueueEvents + 2).Select(seq => (long)seq), outlet.Bare);
    }

    [Fact]
    public async Task QueueBytes_Full_TheConnectionLags()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        var (count, weight) = (0, 0);
        while (outlet.Connection.Lag is null)
        {
            var committed = await hub.CommitAsync(text: new string('x', 100_000));
            await hub.PublishAsync(committed);
            await hub.SettleAsync();
            weight = new EncodedEvent(committed.Events[0]).WeightBytes;
            Assert.InRange(++count, 1, (Limits.Deliver.QueueBytes / weight) + 1);
        }

        Assert.Equal((Limits.Deliver.QueueBytes / weight) + 1, count);
        outlet.Unblock();
        await outlet.UntilAsync(o => o.Bare.Length == count + 1);
    }

    [Fact]
    public void RecentEvents_OverTheirNumber_TheOldestLeaves()
    {
        var ring = new RecentEvents();
        for (var seq = 1; seq <= Limits.Deliver.RecentEvents; seq++) ring.Add(Event(seq, 10));
        Assert.NotNull(ring.Find("a", 1));

        ring.Add(Event(Limits.Deliver.RecentEvents + 1, 10));
        Assert.Null(ring.Find("a", 1));
        Assert.NotNull(ring.Find("a", 2));
    }

    [Fact]
    public void RecentBytes_OverTheirBound_TheOldestLeaves()
    {
        var ring = new RecentEvents();
        var fits = Limits.Deliver.RecentBytes / Event(1, 1_000_000).WeightBytes;
        for (var seq = 1; seq <= fits; seq++) ring.Add(Event(seq, 1_000_000));
        Assert.NotNull(ring.Find("a", 1));

        ring.Add(Event(fits + 1, 1_000_000));
        Assert.Null(ring.Find("a", 1));
        Assert.NotNull(ring.Find("a", 2));
    }

    /// <summary>A subscription that starts within the memory gets the group's new chat, one that starts later finds it in the database.</summary>
    [Fact]
    public async Task MigrationMemory_Over_IsForgotten()
    {
        await using var hub = await HubHarness.StartAsync();
        var migrations = new RecentMigrations(hub.Time);
        migrations.Add(from: 3, to: 4);
        hub.Time.Advance(Limits.Deliver.MigrationMemory);
        migrations.Expire();
        var kept = new Selector(false, new() { [3] = 1 }, []);
        migrations.Follow(kept);

        hub.Time.Advance(TimeSpan.FromMilliseconds(1));
        migrations.Expire();
        var late = new Selector(false, new() { [3] = 1 }, []);
        migrations.Follow(late);

        Assert.Equal([3L, 4L], kept.ChatIds.Order());
        Assert.Equal([3L], late.ChatIds);
    }

    private static EncodedEvent Event(long seq, int bytes) => new(new LogEvent("a", seq, 1, "poll", new byte[bytes], default));

    private static async Task PublishAsync(HubHarness hub, int count)
    {
        for (var left = count; left > 0; left -= Limits.Log.BatchUpdates)
        {
            await hub.PublishAsync(Math.Min(left, Limits.Log.BatchUpdates));
        }

        await hub.SettleAsync();
    }

    private static HubShard ShardOf(HubHarness hub)
    {
        var reader = new CatchUpReader(hub.Store, new ChatDirectory(hub.Database), hub.Time, NullLogger.Instance);
        return new HubShard(new RecentEvents(), reader, () => true, hub.Time, new Random(1), NullLogger.Instance);
    }

    /// <summary>The loop begins, and runs until what waited for it is done.</summary>
    private static async Task RunUntilAsync(HubShard shard, Task done)
    {
        using var stop = new CancellationTokenSource();
        var run = shard.RunAsync(stop.Token);
        await done.WaitAsync(Patience);
        await stop.CancelAsync();
        await run.WaitAsync(Patience);
    }
}
