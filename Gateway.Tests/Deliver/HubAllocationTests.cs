using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Counts the whole process's allocations, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(HubAllocationTests), DisableParallelization = true)]
[Collection(nameof(HubAllocationTests))]
public sealed class HubAllocationTests
{
    private const int Connections = 1000;
    private const int Rounds = 200;

    private sealed class CountingOutlet : IOutlet
    {
        public static long Sends;

        public SendStatus Send(ReadOnlySpan<byte> frames)
        {
            Sends++;
            return SendStatus.Sent;
        }

        public void Close(CloseCode code) => Sends++;

        public void Abort() => Sends++;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task FanOut_ToAThousandConnections_AllocatesNothingPerDelivery(int eventsAtOnce)
    {
        await using var hub = await HubHarness.StartAsync();
        for (var i = 0; i < Connections; i++)
        {
            var connection = hub.Hub.Open(hub.Admin, WebSocketFraming.Instance, new CountingOutlet());
            Assert.Null((await connection.SubscribeAsync(new SubscriptionRequest { All = true }, default)).Error);
        }

        var warm = await hub.CommitAsync(eventsAtOnce * 3);
        await hub.PublishAsync(warm);
        await hub.SettleAsync();
        var logId = warm.Head.LogId;
        var (payload, facts) = (warm.Events[0].Payload, warm.Events[0].Facts);
        var seq = warm.Head.Seq;
        seq = await RunAsync(hub, logId, seq, payload, facts, eventsAtOnce);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RunAsync(hub, logId, seq, payload, facts, eventsAtOnce);
        var perDelivery = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)(Connections * Rounds * eventsAtOnce);

        // The event itself, its one frame and the test's own waiting come to some 3 KB per event: 3 bytes for each of a thousand.
        Assert.InRange(perDelivery, 0, 12);
    }

    private static async Task<long> RunAsync(HubHarness hub, string logId, long seq, byte[] payload, UpdateFacts facts, int eventsAtOnce)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var events = new LogEvent[eventsAtOnce];
            for (var i = 0; i < eventsAtOnce; i++)
            {
                events[i] = new LogEvent(logId, ++seq, 1, "message", payload, in facts) { ChatId = 1, CreatedAtMs = 1 };
            }

            await hub.Hub.OfferAsync(new LogPosition(logId, seq), events, default);
        }

        await hub.SettleAsync();
        return seq;
    }
}
