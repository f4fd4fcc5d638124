using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>Law L5: one of many sockets stops reading; it gets everything in the end, and the others notice nothing.</summary>
public sealed class SlowConsumerTests(ITestOutputHelper output)
{
    private const int Others = 99;

    // The full figure is 30 s under 2,000 events/s; GATEWAY_TEST_SLOW_SECONDS asks for it, the suite is shorter.
    private static readonly int Seconds = int.Parse(Environment.GetEnvironmentVariable("GATEWAY_TEST_SLOW_SECONDS") ?? "6");
    private static readonly int PerSecond = int.Parse(Environment.GetEnvironmentVariable("GATEWAY_TEST_SLOW_RATE") ?? "300");

    [Fact]
    public async Task Socket_StopsReading_GetsAllInTheEndAndDelaysNoOther()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        string key = await gateway.CreateAdminKeyAsync();
        await gateway.KnowsAsync(bot, 1);
        using UpdatePoster poster = new(bot, 8, firstId: 2);
        using SocketCrowd crowd = await SocketCrowd.ConnectAsync(gateway.Port, key, Others);
        await using WebSocketConsumer slow = new(gateway.Address, key, "all=true");
        slow.Start();
        await slow.Journal.WaitForAsync(1, Fault.Patience);

        TimeSpan before = await LoadAsync(poster, crowd);
        slow.PauseReading();
        TimeSpan during = await LoadAsync(poster, crowd);
        slow.ResumeReading();
        await slow.Journal.WaitForAsync(poster.LastId, Fault.Patience);

        output.WriteLine($"p99 of the others before {before.TotalMilliseconds:0.0} ms, during {during.TotalMilliseconds:0.0} ms; slow one: {slow.Journal.Connections} connections, last close {slow.CloseCode}");
        Fault.CompleteOnceInOrder(slow.Journal, poster.Acknowledged.Keys);
        Assert.True(slow.Journal.Connections == 1 || slow.CloseCode == 4100, $"closed with {slow.CloseCode}");
        Assert.Equal(0, crowd.Lost);

        // Twice, and never under what a shared machine's scheduler does to any process.
        TimeSpan bound = TimeSpan.FromMilliseconds(Math.Max(2 * before.TotalMilliseconds, 50));
        Assert.InRange(during, TimeSpan.Zero, bound);
    }

    /// <summary>Posts at the fixed rate and answers the p99 from due time to the last of the others' sockets.</summary>
    private static async Task<TimeSpan> LoadAsync(UpdatePoster poster, SocketCrowd crowd)
    {
        crowd.Forget();
        long first = poster.LastId + 1;
        long start = TimeProvider.System.GetTimestamp();
        List<Task> posts = [];
        for (int sent = 0; sent < Seconds * PerSecond; sent++)
        {
            TimeSpan wait = TimeSpan.FromSeconds((double)sent / PerSecond) - TimeProvider.System.GetElapsedTime(start);
            if (wait > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(wait, TimeProvider.System);
            }

            crowd.Due(first + sent);
            posts.Add(poster.PostNextAsync());
        }

        await Task.WhenAll(posts);
        return await crowd.PercentileAsync(0.99, Fault.Patience);
    }
}
