using System.Net.WebSockets;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Faults;

/// <summary>Two subscriptions on one socket, one of them replaying a long past, and a kill in the middle.</summary>
public sealed class TwoSubscriptionTests
{
    private const int Past = 100_000, More = 700;

    // Chat 1 is the first that the log ever saw; TestUpdate spreads the updates over seven.
    private const long LiveChat = 1;
    private const int Chats = 7;

    [Fact]
    public async Task Socket_KilledDuringAReplay_ResumesBothCompleteAndOnce()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        string key = await gateway.CreateAdminKeyAsync();
        await gateway.PostAsync(bot, 1);
        using UpdatePoster poster = new(bot, 64, firstId: 2);
        await poster.RepostAsync(Ids(2, Past));

        TwoSubscriptions client = new(gateway.Address, key, LiveChat);
        using (ClientWebSocket socket = await client.ConnectAsync())
        {
            // Or, on a loaded machine, "latest" is later than the first of what is posted now.
            await client.ReadUntilAsync(socket, () => client.HasStarted);
            Task posting = poster.RepostAsync(Ids(Past + 1, Past + More));
            await client.ReadUntilAsync(socket, () => client.Past.Count >= Past / 3 && posting.IsCompleted);
            await posting;
            await gateway.KillAsync();
            await client.ReadUntilAsync(socket, () => false);
        }

        Assert.InRange(client.Past.Count, 1, Past + More - 1);
        await gateway.StartAgainAsync();
        int expectedLive = (More + More) / Chats;
        using (ClientWebSocket socket = await client.ConnectAsync())
        {
            await poster.RepostAsync(Ids(Past + More + 1, Past + More + More));
            await client.ReadUntilAsync(socket, () => client.Past.Count >= Past + More + More && client.Live.Count >= expectedLive);
        }

        Assert.Empty(client.Violations);
        Assert.Equal(Ids(1, Past + More + More), client.Past);
        Assert.Equal(expectedLive, client.WantedLive.Count);
        Assert.Equal(client.WantedLive, client.Live);
    }

    private static IEnumerable<long> Ids(int first, int last) => Enumerable.Range(first, last - first + 1).Select(id => (long)id);
}
