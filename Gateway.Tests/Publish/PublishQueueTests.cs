using Gateway.Log;
using Gateway.Messages;
using Gateway.Publish;
using Gateway.Tests.Deliver;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Publish;

public sealed class PublishQueueTests
{
    private static readonly byte[] Payload = new byte[Limits.Log.BatchBytes];

    private static LogHead Head(long seq) => new("aaaaaaaa", seq, 1);

    private static LogEvent[] Large(long seq)
    {
        var facts = new UpdateFacts { Kind = "message" };
        return [new LogEvent("aaaaaaaa", seq, 1, "message", Payload, in facts)];
    }

    [Fact]
    public void Bytes_AtTheirBound_PayloadsAreLetGoAndTheHeadIsKept()
    {
        var queue = new PublishQueue();
        var fits = Limits.Publish.QueueBytes / Payload.Length;
        for (long seq = 1; seq <= fits + 2; seq++) queue.Offer(Large(seq), Head(seq));

        long taken = 0;
        while (queue.TryTake(out var batch)) Assert.Equal(++taken, batch.Head.Seq);
        Assert.Equal(fits, taken);
        Assert.Equal(Head(fits + 2), queue.Head);
        Assert.Equal(Head(fits + 2), queue.TakeDropped());
        queue.Offer(Large(fits + 3), Head(fits + 3));
        Assert.True(queue.TryTake(out var next));
        Assert.Null(next.RecoverFrom);
    }

    [Fact]
    public async Task Publisher_LogResetBehindAnOverflow_SendsNothingUnderAWrongIdentity()
    {
        await using var hub = await HubHarness.StartAsync();
        using var stop = new CancellationTokenSource();
        var queue = new PublishQueue();
        var bus = new InProcessBus();
        var first = await hub.CommitAsync();
        queue.Offer(first.Events, first.Head);
        var lost = await hub.CommitAsync(3);
        for (var i = 0; i < Limits.Publish.QueueBatches; i++) queue.Offer([], first.Head);
        queue.Offer(lost.Events, lost.Head);
        var reset = (await hub.Store.ResetAsync(new LogPosition(first.Head.LogId, 40)))!;

        var publishing = new Publisher(queue, bus, hub.Store, hub.Time, NullLogger.Instance).RunAsync(stop.Token);
        for (var i = 0; i < Limits.Publish.QueueBatches; i++) await TakeAsync(bus);
        queue.Offer([reset], new LogHead(reset.LogId, reset.Seq, reset.CreatedAtMs));
        BusMessage message;
        do
        {
            message = await TakeAsync(bus);
            Assert.All(message.Events, published => Assert.Equal(message.Head.LogId, published.LogId));
        }
        while (message.Head.LogId != reset.LogId);

        await stop.CancelAsync();
        await publishing;
    }

    private static async Task<BusMessage> TakeAsync(InProcessBus bus)
    {
        BusMessage message;
        while (!bus.TryTake(out message)) await bus.WaitAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        return message;
    }
}
