using Gateway.Deliver;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Publish;
using Gateway.Tests.Deliver;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Publish;

/// <summary>What arrives over the bus in any state comes out of the hub complete, once and in order; the store is real.</summary>
public sealed class BusReaderTests : IAsyncLifetime
{
    private readonly CancellationTokenSource stop = new();
    private readonly InProcessBus bus = new();
    private HubHarness hub = null!;
    private WatchedStore watched = null!;
    private TestOutlet outlet = null!;
    private Task run = Task.CompletedTask;
    private readonly HighWater highWater = new();
    private int headChecks;

    public async Task InitializeAsync()
    {
        hub = await HubHarness.StartAsync(history: 2, started =>
        {
            watched = new WatchedStore(started.Store);
            var reader = new BusReader(
                bus, watched, started.Hub, highWater, () => Interlocked.Increment(ref headChecks), started.Time, new Random(1), NullLogger.Instance);
            run = reader.RunAsync(stop.Token);
        });
        outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        await SendAsync(await hub.CommitAsync());
        await outlet.UntilAsync(o => o.Bare.Length == 1);
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await run;
        await hub.DisposeAsync();
        stop.Dispose();
    }

    private ValueTask SendAsync((LogHead Head, LogEvent[] Events) committed) => bus.PublishAsync(new BusMessage(committed.Events, committed.Head), default);

    private async Task<(LogHead Head, LogEvent[] Events)[]> CommitsAsync(int count)
    {
        var commits = new (LogHead, LogEvent[])[count];
        for (var i = 0; i < count; i++)
        {
            commits[i] = await hub.CommitAsync(2);
        }

        return commits;
    }

    [Fact]
    public async Task Messages_Crossed_PassInOrderWithoutTheDatabase()
    {
        var commits = await CommitsAsync(4);
        foreach (var index in new[] { 2, 1, 3, 0 })
        {
            await SendAsync(commits[index]);
        }

        await outlet.UntilAsync(o => o.Bare.Length == 9);
        Assert.Equal([3, 4, 5, 6, 7, 8, 9, 10, 11], outlet.Bare);
    }

    [Fact]
    public async Task Messages_Repeated_PassOnce()
    {
        var commits = await CommitsAsync(3);
        foreach (var index in new[] { 0, 0, 1, 0, 1, 2, 2 })
        {
            await SendAsync(commits[index]);
        }

        await outlet.UntilAsync(o => o.Bare.Length >= 7);
        await hub.SettleAsync();
        Assert.Equal([3, 4, 5, 6, 7, 8, 9], outlet.Bare);
    }

    [Fact]
    public async Task Message_Lost_GapIsReadAfterTheReorderWait()
    {
        var commits = await CommitsAsync(3);
        await SendAsync(commits[0]);
        await outlet.UntilAsync(o => o.Bare.Length == 3);
        await SendAsync(commits[2]);
        await AdvanceUntilAsync(Limits.Publish.ReorderWait, o => o.Bare.Length == 7);

        Assert.Equal([3, 4, 5, 6, 7, 8, 9], outlet.Bare);
    }

    /// <summary>What waited and came from the log after all waits no more: else the log would be read at the window's pace for ever.</summary>
    [Fact]
    public async Task Message_LostAndReadFromTheLog_LeavesNothingWaiting()
    {
        var commits = await CommitsAsync(2);
        await SendAsync(commits[1]);
        await AdvanceUntilAsync(Limits.Publish.ReorderWait, o => o.Bare.Length == 5);
        var reads = watched.Queries.Count;

        for (var sent = 6; sent <= 15; sent++)
        {
            hub.Time.Advance(Limits.Publish.ReorderWait);
            await SendAsync(await hub.CommitAsync());
            await outlet.UntilAsync(o => o.Bare.Length == sent);
        }

        Assert.Equal(reads, watched.Queries.Count);
    }

    [Fact]
    public async Task Payloads_LetGo_HeadAloneIsEnough()
    {
        var commits = await CommitsAsync(2);
        await bus.PublishAsync(new BusMessage([], commits[1].Head), default);
        await AdvanceUntilAsync(Limits.Publish.ReorderWait, o => o.Bare.Length == 5);

        Assert.Equal([3, 4, 5, 6, 7], outlet.Bare);
    }

    [Fact]
    public async Task OtherProcess_CommitsWithoutABus_IsFoundByThePoll()
    {
        await hub.CommitAsync(3);
        await AdvanceUntilAsync(Limits.Publish.Poll, o => o.Bare.Length == 4);

        Assert.Equal([3, 4, 5, 6], outlet.Bare);
    }

    /// <summary>A process that commits nothing itself must know what a restored database may not number again.</summary>
    [Fact]
    public async Task OtherProcess_Commits_AreInTheHighWater()
    {
        var head = (await hub.CommitAsync(3)).Head;
        await AdvanceUntilAsync(Limits.Publish.Poll, o => o.Bare.Length == 4);

        Assert.Equal(new LogPosition(head.LogId, head.Seq), highWater.Current);
    }

    [Fact]
    public async Task Log_Reset_IsFoundByThePollAndToldAsAGap()
    {
        var reset = (await hub.Store.ResetAsync(new LogPosition(hub.Hub.Position!.Value.LogId, 40)))!;
        await hub.CommitAsync();
        await AdvanceUntilAsync(Limits.Publish.Poll, o => o.Bare.Length == 3);

        Assert.Equal([3, reset.Seq, reset.Seq + 1], outlet.Bare);
        Assert.Equal("log_reset", outlet.Actions("gap").Single().GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Head_MovedBack_CommitterIsAskedToLook()
    {
        await hub.ExecuteAsync("UPDATE log_head SET seq = 1");
        await AdvanceUntilAsync(Limits.Publish.Poll, _ => Volatile.Read(ref headChecks) > 0);

        Assert.Equal([3], outlet.Bare);
    }

    /// <summary>
    /// Regression: the reader began at whatever head it found, so after a restart on an older copy streams resumed in the old identity, for
    /// the moment until the committer had reset the log.
    /// </summary>
    [Fact]
    public async Task Start_OnAnOlderCopy_WaitsForTheReset()
    {
        var logId = hub.Hub.Position!.Value.LogId;
        var store = new HeadCounter(hub.Store);
        var late = new Hub(hub.Store, new ChatDirectory(hub.Database), () => true, hub.Time, new Random(1), shardCount: 1, NullLogger.Instance);
        var reader = new BusReader(
            new InProcessBus(), store, late, new HighWater([new(logId, 50)]), () => { }, hub.Time, new Random(1), NullLogger.Instance);
        Task[] running = [late.RunAsync(stop.Token), reader.RunAsync(stop.Token)];
        await AdvanceUntilAsync(Limits.Publish.Poll, _ => store.Heads >= 3);
        Assert.Null(late.Position);

        var reset = (await hub.Store.ResetAsync(new LogPosition(logId, 50)))!;
        await AdvanceUntilAsync(Limits.Publish.Poll, _ => late.Position is not null);
        Assert.Equal(new LogPosition(reset.LogId, reset.Seq), late.Position);
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    /// <summary>Regression: a copy from before an earlier reset was followed into the identity of then, which was about to end.</summary>
    [Fact]
    public async Task Head_OfAnEarlierIdentityBelowItsHighWater_IsNotFollowed()
    {
        var position = hub.Hub.Position!.Value;
        highWater.Observe("earlier1", 2);
        await hub.ExecuteAsync("UPDATE log_head SET log_id = 'earlier1', seq = 1");
        await AdvanceUntilAsync(Limits.Publish.Poll, _ => Volatile.Read(ref headChecks) > 1);

        Assert.Equal(position, hub.Hub.Position);
        Assert.False(outlet.Connection.Completion.IsCompleted);
    }

    [Fact]
    public async Task Publisher_QueueOverflowed_ReadsWhatWasLetGo()
    {
        var queue = new PublishQueue();
        var first = await hub.CommitAsync();
        queue.Offer(first.Events, first.Head);
        for (var i = 0; i < Limits.Publish.QueueBatches + 20; i++)
        {
            var committed = await hub.CommitAsync();
            queue.Offer(committed.Events, committed.Head);
        }

        var publisher = new Publisher(queue, bus, hub.Store, hub.Time, NullLogger.Instance);
        var publishing = publisher.RunAsync(stop.Token);
        var last = queue.Head.Seq;
        // No clock moves: only the publisher can have read them.
        await outlet.UntilAsync(o => o.Bare.Length == last - 2);

        Assert.Equal(Enumerable.Range(3, (int)last - 2).Select(seq => (long)seq), outlet.Bare);
        await stop.CancelAsync();
        await publishing;
    }

    private sealed class HeadCounter(ILogStore inner) : ILogStore
    {
        private int heads;

        public int Heads => Volatile.Read(ref heads);

        public ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation)
        {
            Interlocked.Increment(ref heads);
            return inner.ReadHeadAsync(cancellation);
        }

        public ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor) => inner.CommitAsync(batch, floor);

        public ValueTask<LogEvent?> ResetAsync(LogPosition floor) => inner.ResetAsync(floor);

        public ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation) => inner.ReadPageAsync(query, cancellation);

        public ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation) => inner.FindSeqBeforeAsync(unixMs, cancellation);

        public ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation) =>
            inner.DeleteExpiredAsync(botId, beforeUnixMs, maxRows, cancellation);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>What the window has no room for is not lost: it is in the log.</summary>
    [Fact]
    public async Task ReorderEvents_MoreThanTheWindowHolds_TheRestIsReadFromTheLog()
    {
        var held = await hub.CommitAsync();
        for (var left = Limits.Publish.ReorderEvents + 100; left > 0; left -= Limits.Log.BatchUpdates)
        {
            await SendAsync(await hub.CommitAsync(Math.Min(left, Limits.Log.BatchUpdates)));
        }

        await SendAsync(held);
        var window = 2 + Limits.Publish.ReorderEvents;
        await outlet.UntilAsync(o => o.Bare.Length >= window);
        await hub.SettleAsync();
        Assert.Equal(window, outlet.Bare.Length);

        await AdvanceUntilAsync(Limits.Publish.ReorderWait, o => o.Bare.Length == window + 100);
        Assert.Equal(Enumerable.Range(3, window + 100).Select(seq => (long)seq), outlet.Bare);
    }

    [Fact]
    public async Task BusMessages_OneTooMany_ThePublisherWaits()
    {
        var full = new InProcessBus();
        for (var i = 0; i < Limits.Publish.BusMessages; i++) Assert.True(full.PublishAsync(default, default).AsTask().IsCompleted);

        var oneMore = full.PublishAsync(default, default).AsTask();
        Assert.False(oneMore.IsCompleted);
        Assert.True(full.TryTake(out _));
        await oneMore.WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>Moves the clock in steps until the reader, which answers on its own thread, has done it.</summary>
    private async Task AdvanceUntilAsync(TimeSpan step, Func<TestOutlet, bool> condition)
    {
        var deadline = Environment.TickCount64 + 20_000;
        while (!condition(outlet) && Environment.TickCount64 < deadline)
        {
            hub.Time.Advance(step);
            await hub.SettleAsync();
        }

        Assert.True(condition(outlet));
    }
}
