using System.Net;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>MariaDB goes away under load and comes back: two seconds later the same load is taken as if nothing had been.</summary>
[Collection(AloneCollection.Name)]
public sealed class DatabaseAwayTests(ITestOutputHelper output)
{
    // Well under what this gateway commits, so that what is missing is the outage's. Connections for all that wait at one time.
    private const int PerSecond = 500, Connections = 2000, Before = 3, After = 3;

    private static readonly TimeSpan Away = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Return = TimeSpan.FromSeconds(2);

    // What a shared machine takes from anybody for a moment; a backlog or a backoff that is left over is longer.
    private static readonly TimeSpan MachineStall = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Gateway_DatabaseAwayForTenSeconds_RefusesAndLosesNothing()
    {
        await using MariaDbServer server = await MariaDbServer.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(server.UrlOf(await server.CreateDatabaseAsync()));
        TestBot bot = await gateway.AddBotAsync(1001);
        string key = await gateway.CreateAdminKeyAsync();
        await gateway.PostAsync(bot, 1);
        await using StreamConsumer socket = new WebSocketConsumer(gateway.Address, key, "all=true");
        await using StreamConsumer stream = new SseConsumer(gateway.Address, key, "all=true");
        socket.Start();
        stream.Start();
        await socket.Journal.WaitForAsync(1, Fault.Patience);
        await stream.Journal.WaitForAsync(1, Fault.Patience);
        using UpdatePoster poster = new(bot, Connections, firstId: 2);
        using CancellationTokenSource end = new();
        OpenLoop load = new(poster, PerSecond);
        Task posting = load.RunAsync(end.Token);
        // The first second meets code that was never run.
        await Task.Delay(TimeSpan.FromSeconds(1 + Before), TimeProvider.System);
        TimeSpan away = load.Now;

        await server.StopAsync();
        await Task.Delay(Away / 2, TimeProvider.System);
        using (HttpClient client = new())
        {
            using HttpResponseMessage refused = await client.PostAsync(bot.WebhookUrl, TestUpdate.Content(1_000_000_000));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            using HttpResponseMessage ready = await client.GetAsync($"{gateway.Address}/ready");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            string reason = await ready.Content.ReadAsStringAsync();
            output.WriteLine(reason);
            Assert.Contains("database", reason, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(HttpStatusCode.OK, await gateway.StatusOfAsync("/health"));
        }

        await Task.Delay(Away / 2, TimeProvider.System);
        await server.StartAgainAsync();
        // From here on it accepts connections.
        TimeSpan back = load.Now;
        await gateway.ReadyAsync(Return);
        TimeSpan readyAfter = load.Now - back;
        await Task.Delay(Return + TimeSpan.FromSeconds(After), TimeProvider.System);
        await end.CancelAsync();
        await posting;

        (int Offered, int Acknowledged, TimeSpan P99) before = load.Between(TimeSpan.FromSeconds(1), away - TimeSpan.FromSeconds(0.5));
        output.WriteLine($"before: {before}; ready {readyAfter.TotalMilliseconds:0} ms after the return; refused: {string.Join(", ", poster.Refusals)}");

        long[] acknowledged = [.. poster.Acknowledged.Keys];
        Assert.Equal(HttpStatusCode.OK, await poster.PostNextAsync());
        foreach (StreamConsumer consumer in (StreamConsumer[])[socket, stream])
        {
            await consumer.Journal.WaitForAsync(poster.LastId, Fault.Patience);
            Fault.CompleteOnceInOrder(consumer.Journal, [1, .. acknowledged]);
            Assert.Equal(1, consumer.Journal.Connections);
        }

        for (int second = 0; second < After; second++)
        {
            TimeSpan from = back + Return + TimeSpan.FromSeconds(second);
            (int Offered, int Acknowledged, TimeSpan P99) then = load.Between(from, from + TimeSpan.FromSeconds(1));
            output.WriteLine($"second {second} from {Return.TotalSeconds:0} s after the return: {then}");
            Assert.InRange(then.Offered, PerSecond * 95 / 100, int.MaxValue);
            Assert.InRange(then.Acknowledged, then.Offered * 99 / 100, then.Offered);
        }

        (_, _, TimeSpan afterwards) = load.Between(back + Return, back + Return + TimeSpan.FromSeconds(After));
        Assert.InRange(afterwards, TimeSpan.Zero, before.P99 * 2 + MachineStall);
    }
}
