using System.Net;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>Law L6: a gateway that stands still in the middle of a commit does not hold the others.</summary>
[Collection(MariaDbCollection.Name)]
public sealed class FrozenGatewayTests(MariaDbFixture mariaDb, ITestOutputHelper output)
{
    private const int Freezes = 8;

    // The law's bound; the committer's session ends after wait_timeout=2.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Gateway_StoppedAtAnyMoment_HoldsAnotherForThreeSecondsAtMost()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        string database = await mariaDb.CreateUrlAsync();
        await using GatewayProcess frozen = await GatewayProcess.StartAsync(database);
        await using GatewayProcess other = await GatewayProcess.StartAsync(database, frozen.DataFolder + "-other");
        TestBot first = await frozen.AddBotAsync(1001);
        TestBot second = await frozen.AddBotAsync(1002);
        TestBot secondThere = second with { WebhookUrl = second.WebhookUrl.Replace($":{frozen.Port}/", $":{other.Port}/", StringComparison.Ordinal) };
        await frozen.PostAsync(first, 1);
        await other.PostAsync(secondThere, 1);

        using UpdatePoster load = new(first, 16, firstId: 2);
        using UpdatePoster probe = new(secondThere, 1, firstId: 2);
        using CancellationTokenSource end = new();
        Task loading = load.RunAsync(end.Token);
        TimeSpan slowest = TimeSpan.Zero;
        for (int round = 0; round < Freezes; round++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 200)), TimeProvider.System);
            frozen.Freeze();
            long start = TimeProvider.System.GetTimestamp();
            long id = probe.LastId + 1;
            HttpStatusCode? status = await probe.PostNextAsync();
            while (status != HttpStatusCode.OK)
            {
                // 503 says "again"; what counts is how long the update could not be stored.
                Assert.True(TimeProvider.System.GetElapsedTime(start) < Longest * 3, $"answered {status}");
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
                status = await probe.PostAsync(id);
            }

            TimeSpan took = TimeProvider.System.GetElapsedTime(start);
            slowest = took > slowest ? took : slowest;
            frozen.Thaw();
        }

        await end.CancelAsync();
        await loading;
        output.WriteLine($"slowest commit of the other gateway: {slowest.TotalMilliseconds:0} ms");
        Assert.InRange(slowest, TimeSpan.Zero, Longest);
    }
}
