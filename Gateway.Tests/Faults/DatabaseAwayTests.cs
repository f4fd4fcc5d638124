using System.Net;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>MariaDB goes away under load and comes back.</summary>
[Collection(AloneCollection.Name)]
public sealed class DatabaseAwayTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(10);

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
        using UpdatePoster poster = new(bot, 16, firstId: 2);
        using CancellationTokenSource end = new();
        Task posting = poster.RunAsync(end.Token);
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        int before = poster.Acknowledged.Count;

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
        await gateway.ReadyAsync(TimeSpan.FromSeconds(2));
        int back = poster.Acknowledged.Count;
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        int after = poster.Acknowledged.Count;
        output.WriteLine($"acknowledged in 2 s before: {before}, in 2 s after the return: {after - back}; refused: {string.Join(", ", poster.Refusals)}");
        await end.CancelAsync();
        await posting;

        long[] acknowledged = [.. poster.Acknowledged.Keys];
        Assert.Equal(HttpStatusCode.OK, await poster.PostNextAsync());
        foreach (StreamConsumer consumer in (StreamConsumer[])[socket, stream])
        {
            await consumer.Journal.WaitForAsync(poster.LastId, Fault.Patience);
            Fault.CompleteOnceInOrder(consumer.Journal, [1, .. acknowledged]);
            Assert.Equal(1, consumer.Journal.Connections);
        }

        // Full speed again; half of it leaves room for what else this machine does.
        Assert.InRange(after - back, before / 2, int.MaxValue);
    }
}
