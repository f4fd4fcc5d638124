using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>Runs alone: what it compares are latencies.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}

/// <summary>Law L5: one of many sockets stops reading; it gets everything in the end, and the others notice nothing.</summary>
[Collection(AloneCollection.Name)]
public sealed class SlowConsumerTests(ITestOutputHelper output)
{
    private const int Others = 99, Attempts = 3;

    // The full figure is 30 s under 2,000 events/s; the suite is shorter.
    private static readonly int Seconds = int.Parse(Environment.GetEnvironmentVariable("GATEWAY_TEST_SLOW_SECONDS") ?? "6");
    private static readonly int PerSecond = int.Parse(Environment.GetEnvironmentVariable("GATEWAY_TEST_SLOW_RATE") ?? "1000");

    // Only the slow socket asks for the update, so only it gets the padding: 12 MB in any run, far more than the kernel buffers for a
    // receiver that was told to keep 256 KiB.
    private const int SlowBufferBytes = 256 * 1024, SlowBytes = 12 * 1024 * 1024;
    private static readonly int PaddingBytes = SlowBytes / (Seconds * PerSecond);

    [Fact]
    public async Task Socket_StopsReading_GetsAllInTheEndAndDelaysNoOther()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        string key = await gateway.CreateAdminKeyAsync();
        using UpdatePoster poster = new(bot, 8) { PaddingBytes = PaddingBytes };
        Assert.Equal(System.Net.HttpStatusCode.OK, await poster.PostNextAsync());
        using SocketCrowd crowd = SocketCrowd.Connect(gateway.Port, key, Others);
        await using WebSocketConsumer slow = new(gateway.Address, key, "all=true") { ReceiveBufferBytes = SlowBufferBytes };
        slow.Start();
        await slow.Journal.WaitForAsync(1, Fault.Patience);

        // The first load meets code that was never run.
        await LoadAsync(poster, crowd);

        // A shared machine stalls whom it likes: a socket that delays others does so every time, so one good attempt of three tells.
        bool isUndisturbed = false;
        for (int attempt = 0; attempt < Attempts && !isUndisturbed; attempt++)
        {
            TimeSpan before = await LoadAsync(poster, crowd);
            slow.PauseReading();
            TimeSpan during = await LoadAsync(poster, crowd);
            slow.ResumeReading();
            await slow.Journal.WaitForAsync(poster.LastId, Fault.Patience);
            output.WriteLine($"p99 of the others before {before.TotalMilliseconds:0.0} ms, during {during.TotalMilliseconds:0.0} ms; slow one: {slow.Journal.Connections} connections, last close {slow.CloseCode}");
            isUndisturbed = during <= before * 2;
        }

        Fault.CompleteOnceInOrder(slow.Journal, poster.Acknowledged.Keys, PaddingBytes);
        Assert.True(slow.Journal.Connections == 1 || slow.CloseCode == 4100, $"closed with {slow.CloseCode}");
        Assert.Equal(0, crowd.Lost);
        Assert.True(isUndisturbed, "the others were delayed more than twice in every attempt");
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
