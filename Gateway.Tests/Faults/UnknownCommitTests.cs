using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Faults;

[Collection(MariaDbCollection.Name)]
public sealed class UnknownCommitTests(MariaDbFixture server)
{
    private const int Cuts = 500;

    [Fact]
    public async Task Commit_ReplyCut500Times_EachUpdateIsInTheLogAndDeliveredOnceUnderTheSeqItWasTold()
    {
        var url = new Uri(await server.CreateUrlAsync());
        int cuts = 0;
        int commits = 0;
        await using var proxy = new TcpProxy(url.Port)
        {
            // The space tells it from READ COMMITTED. Two of three replies are cut, so that also the retry of a retry is met.
            OnPacket = packet =>
            {
                if (cuts >= Cuts || !TcpProxy.IsQueryWith(packet, "COMMIT; "u8) || Interlocked.Increment(ref commits) % 3 == 0) return PacketFate.Forward;
                return Interlocked.Increment(ref cuts) % 2 == 0 ? PacketFate.ForwardThenCut : PacketFate.ForwardThenCutReply;
            },
        };
        await using CommitterUnderLoad load = await CommitterUnderLoad.StartAsync(new UriBuilder(url) { Port = proxy.Port }.Uri.AbsoluteUri, senders: 8, delivers: true);

        while (Volatile.Read(ref cuts) < Cuts) await load.MoreAcknowledgedAsync(1, TimeSpan.FromSeconds(60));
        await load.MoreAcknowledgedAsync(100, TimeSpan.FromSeconds(30));
        await load.StopSendingAsync();

        Assert.True(cuts >= Cuts);
        await load.AssertLogIsExactAsync();
    }
}
