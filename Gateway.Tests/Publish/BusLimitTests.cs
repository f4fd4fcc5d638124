using Gateway.Log;
using Gateway.Messages;
using Gateway.Publish;
using Gateway.Tests.Deliver;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Publish;

/// <summary>The bounds in bytes between the publish queue and the hub.</summary>
public sealed class BusLimitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static LogEvent Event(long seq, int bytes) => new("a", seq, 1, "poll", new byte[bytes], default);

    private static BusMessage Message(long seq, int bytes) => new([Event(seq, bytes)], new LogHead("a", seq, 1));

    [Fact]
    public async Task BusBytes_Full_ThePublisherWaits()
    {
        var bus = new InProcessBus();
        var fits = (int)(Limits.Publish.BusBytes / Limits.Log.BatchBytes);
        for (var seq = 1; seq <= fits; seq++) Assert.True(bus.PublishAsync(Message(seq, Limits.Log.BatchBytes), default).AsTask().IsCompleted);

        var oneMore = bus.PublishAsync(Message(fits + 1, 1), default).AsTask();
        Assert.False(oneMore.IsCompleted);
        Assert.True(bus.TryTake(out var first));
        Assert.Equal(1, first.Head.Seq);
        await oneMore.WaitAsync(Patience);
    }

    [Fact]
    public async Task BusBytes_MessageLargerThanTheRoom_PassesAlone()
    {
        var bus = new InProcessBus();
        await bus.PublishAsync(Message(1, 1), default);
        var large = bus.PublishAsync(Message(2, (int)Limits.Publish.BusBytes + 1), default).AsTask();
        Assert.False(large.IsCompleted);
        Assert.True(bus.TryTake(out _));
        await large.WaitAsync(Patience);
        var behind = bus.PublishAsync(Message(3, 1), default).AsTask();
        Assert.False(behind.IsCompleted);
        Assert.True(bus.TryTake(out _));
        await behind.WaitAsync(Patience);
    }

    [Fact]
    public void ReorderBytes_Full_TheRestIsLetGo()
    {
        var window = new ReorderWindow();
        var fits = (int)(Limits.Publish.ReorderBytes / Limits.Ingest.UpdateBytes);
        for (var seq = 1; seq <= fits + 1; seq++) window.Offer(Event(seq, Limits.Ingest.UpdateBytes));
        Assert.Equal(fits, window.Count);

        window.DropThrough(1);
        Assert.True(window.TryTake(2, out _));
        for (var seq = fits + 1; seq <= fits + 3; seq++) window.Offer(Event(seq, Limits.Ingest.UpdateBytes));
        Assert.Equal(fits, window.Count);
        Assert.False(window.TryTake(fits + 3, out _));
        window.Clear();
        window.Offer(Event(1, (int)Limits.Publish.ReorderBytes));
        Assert.Equal(1, window.Count);
    }

    /// <summary>Queue and bus fill by bytes long before they fill by number; what they let go comes from the log, once and in order.</summary>
    [Fact]
    public async Task BusBytes_FullOfLargeEvents_AllComeInOrderThroughTheLog()
    {
        const int UpdateBytes = 1_000_000;
        await using var hub = await HubHarness.StartAsync();
        using var stop = new CancellationTokenSource();
        var (queue, bus) = (new PublishQueue(), new InProcessBus());
        var publishing = new Publisher(queue, bus, hub.Store, hub.Time, NullLogger.Instance).RunAsync(stop.Token);
        // Nobody reads the bus yet, so first that fills, and then the queue behind it.
        var count = ((int)(Limits.Publish.QueueBytes + Limits.Publish.BusBytes) / UpdateBytes) + 10;
        for (var i = 0; i < count; i++)
        {
            var committed = await hub.CommitAsync(text: new string('x', UpdateBytes));
            queue.Offer(committed.Events, committed.Head);
        }

        // By number the bus alone would hold 64 of them; here the queue has had to keep most, and to let some go.
        var onBus = (int)Limits.Publish.BusBytes / UpdateBytes;
        Assert.InRange(queue.Reader.Count, count / 2, count - onBus - 2);

        var taken = 0;
        while (taken < count)
        {
            Assert.True(await bus.WaitAsync(stop.Token).AsTask().WaitAsync(Patience));
            while (bus.TryTake(out var message))
            {
                Assert.All(message.Events, each => Assert.Equal(++taken, each.Seq));
            }
        }

        Assert.Equal(count, taken);
        await stop.CancelAsync();
        await publishing;
    }
}
