using System.Net;
using System.Text.Json;
using Gateway.Tests.Support;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

[Collection(AloneCollection.Name)]
public sealed class WrongKeyFloodTests(ITestOutputHelper output)
{
    private const int Attempts = 3, Rounds = 4, IngestPerSecond = 200;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// On a shared machine a p99 of some milliseconds is chance: below this it counts as this. A flood that costs a hash for each key is far above
    /// twice of it.
    /// </summary>
    private static readonly TimeSpan LeastNormal = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Quiet and flooded windows take turns, and their medians are compared: what the machine does in one window it does in a neighbour, too. One good
    /// attempt of three tells, because a flood that disturbs does so every time.
    /// </summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task WrongKeys_TenThousandASecond_LeaveIngestUnderTwiceItsNormalP99()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        JsonElement key = await gateway.CommandAsync("apikey", "create", "--name", "attacked", "--admin");
        using UpdatePoster poster = new(bot, 16);
        Assert.Equal(HttpStatusCode.OK, await poster.PostNextAsync());
        using WrongKeyFlood flood = WrongKeyFlood.Connect(gateway, key.GetProperty("id").GetInt64());

        // Code that was never run is compiled, and the keys with a right tag meet their hash.
        await MeasureAsync(poster, Window, flood);
        bool isUndisturbed = false;
        for (int attempt = 0; attempt < Attempts && !isUndisturbed; attempt++)
        {
            List<TimeSpan> quiet = [], flooded = [];
            (long Answers, long Refusals) before = flood.Count;
            for (int round = 0; round < Rounds; round++)
            {
                quiet.Add(await MeasureAsync(poster, Window, null));
                flooded.Add(await MeasureAsync(poster, Window, flood));
            }

            (long Answers, long Refusals) after = flood.Count;
            double perSecond = (after.Answers - before.Answers) / (Rounds * Window.TotalSeconds);
            TimeSpan normal = Median(quiet), during = Median(flooded);
            output.WriteLine($"p99 of ingest: quiet {normal.TotalMilliseconds:0.0} ms, flooded {during.TotalMilliseconds:0.0} ms, {perSecond:0} wrong keys a second");
            Assert.Equal(after.Answers - before.Answers, after.Refusals - before.Refusals);
            // Where the machine cannot even send them nothing was shown.
            isUndisturbed = perSecond > WrongKeyFlood.PerSecond * 0.8 && during < 2 * (normal > LeastNormal ? normal : LeastNormal);
        }

        Assert.Empty(poster.Refusals);
        Assert.True(isUndisturbed, "in none of the attempts; the output has the figures");
    }

    private static async Task<TimeSpan> MeasureAsync(UpdatePoster poster, TimeSpan window, WrongKeyFlood? flood)
    {
        OpenLoop loop = new(poster, IngestPerSecond);
        using CancellationTokenSource end = new(window);
        Task attack = flood is null ? Task.CompletedTask : flood.RunAsync(window);
        await loop.RunAsync(end.Token);
        await attack;
        (int offered, int acknowledged, TimeSpan p99) = loop.Between(TimeSpan.Zero, window);
        Assert.Equal(offered, acknowledged);
        return p99;
    }

    private static TimeSpan Median(List<TimeSpan> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
