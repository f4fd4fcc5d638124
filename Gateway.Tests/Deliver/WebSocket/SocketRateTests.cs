using Gateway.Access;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>What a socket does counts against the principal's budget, the same on all its sockets.</summary>
public sealed class SocketRateTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 2, 9, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Actions_OverTheBudgetOfThePrincipal_AreRefusedAndTheSocketStaysOpen()
    {
        await using var host = await SocketHost.StartAsync(time: time, rateLimit: new RateLimit(1, 4));
        using var first = await RawSocket.OpenAsync(host);
        using var second = await RawSocket.OpenAsync(host);
        await first.SendTextAsync("""{"action":"ping"}""");
        await first.ReadActionAsync("pong");
        await second.SendTextAsync("""{"action":"subscribe","id":"a","all":true}""");
        await second.ReadActionAsync("subscribed");
        await second.ReadActionAsync("caught_up");

        foreach (var text in new[] { """{"action":"ping"}""", """{"action":"unsubscribe","id":"a"}""", "nonsense", $$"""{"action":"auth","token":"{{host.Key}}"}""" })
        {
            await first.SendTextAsync(text);
            var refused = await first.ReadActionAsync("error");
            Assert.Equal("RATE_LIMITED", refused.GetProperty("code").GetString());
            Assert.Equal(1, refused.GetProperty("retry_after").GetInt32());
        }

        // What flows out is not counted.
        await host.OfferAsync(20);
        for (var seq = 1; seq <= 20; seq++) Assert.Equal(seq, (await second.ReadJsonAsync()).GetProperty("seq").GetInt64());

        time.Advance(TimeSpan.FromSeconds(1));
        await first.SendTextAsync("""{"action":"ping"}""");
        await first.ReadActionAsync("pong");
        await second.SendTextAsync("""{"action":"ping"}""");
        Assert.Equal("RATE_LIMITED", await second.ReadErrorAsync());
        host.Log.AssertNothing();
    }

    [Fact]
    public async Task Upgrade_OverTheBudget_Is429()
    {
        await using var host = await SocketHost.StartAsync(time: time, rateLimit: new RateLimit(1, 1));
        using (await RawSocket.OpenAsync(host)) { }

        using var refused = await RawSocket.AskAsync(host, $"?api_key={host.Key}");
        var head = await refused.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 429 ", head, StringComparison.Ordinal);
        Assert.Contains("Retry-After: 1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("X-RateLimit-Limit: 1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("X-RateLimit-Remaining: 0\r\n", head, StringComparison.Ordinal);
        Assert.Contains("X-RateLimit-Reset: 1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\"RATE_LIMITED\"", await refused.ReadBodyAsync(head), StringComparison.Ordinal);

        time.Advance(TimeSpan.FromSeconds(1));
        using var again = await RawSocket.OpenAsync(host);
        await again.SendTextAsync("""{"action":"ping"}""");
        Assert.Equal("RATE_LIMITED", await again.ReadErrorAsync());
    }

    /// <summary>The first frame of a socket that gives its credential by message takes from whoever that is.</summary>
    [Fact]
    public async Task Auth_OfAnExhaustedPrincipal_IsRefusedAndMayBeTriedAgain()
    {
        await using var host = await SocketHost.StartAsync(time: time, rateLimit: new RateLimit(1, 1));
        using (await RawSocket.OpenAsync(host)) { }

        using var socket = await RawSocket.AskAsync(host, "");
        await socket.ReadHeadAsync();
        var auth = $$"""{"action":"auth","token":"{{host.Key}}"}""";
        await socket.SendTextAsync(auth);
        Assert.Equal("RATE_LIMITED", await socket.ReadErrorAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        await socket.SendTextAsync(auth);
        await socket.ReadActionAsync("authenticated");
    }
}
