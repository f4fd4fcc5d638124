using System.Net;
using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Access;

/// <summary>The budget of a caller as HTTP tells it, over a real server.</summary>
public sealed class RateGateTests
{
    private static async Task<LoopbackServer> StartAsync(AccessFixture fixture)
    {
        var gate = new AccessGate(fixture.Access, fixture.PollAsync);
        HttpRoute[] routes =
        [
            new("GET", "/thing", exchange => JsonReply.WriteAsync(exchange, 200, "{}"u8.ToArray()), "thing") { Needs = RouteNeeds.Authenticated },
            new("GET", "/forbidden", exchange => JsonReply.WriteAsync(exchange, 200, "{}"u8.ToArray()), "forbidden") { Needs = "audit:read" },
        ];
        var door = new FrontDoor(new Router(routes.Select(gate.Protect)), NullLogger<FrontDoor>.Instance);
        return await LoopbackServer.StartAsync(door.HandleAsync);
    }

    private static async Task<HttpResponseMessage> CallAsync(LoopbackServer server, string key, string path = "/thing")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-API-Key", key);
        return await server.Client.SendAsync(request);
    }

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    [Fact]
    public async Task Calls_OverTheBudget_Are429WithHeaders()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await using var server = await StartAsync(fixture);
        var key = (await fixture.CreateKeyAsync()).Text;
        for (var call = 1; call <= Limits.Access.RequestBurst; call++)
        {
            using var passed = await CallAsync(server, key);
            Assert.Equal(HttpStatusCode.OK, passed.StatusCode);
            Assert.Equal($"{Limits.Access.RequestBurst}", Header(passed, RateReply.LimitHeader));
            Assert.Equal($"{Limits.Access.RequestBurst - call}", Header(passed, RateReply.RemainingHeader));
            Assert.Equal($"{Math.Ceiling(call / (double)Limits.Access.RequestsPerSecond)}", Header(passed, RateReply.ResetHeader));
        }

        using var refused = await CallAsync(server, key);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("0", Header(refused, RateReply.RemainingHeader));
        Assert.Equal("1", Header(refused, "Retry-After"));
        Assert.Contains("\"code\":\"RATE_LIMITED\",\"details\":{\"retry_after\":1}", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // Before the permission: who is over his rate learns nothing, and costs no read of the database.
        using var forbidden = await CallAsync(server, key, "/forbidden");
        Assert.Equal(HttpStatusCode.TooManyRequests, forbidden.StatusCode);

        // Another's budget is another's.
        using var other = await CallAsync(server, (await fixture.CreateKeyAsync()).Text);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);

        fixture.Time.Advance(TimeSpan.FromSeconds(0.01));
        await fixture.PollAsync();
        using var again = await CallAsync(server, key);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task Calls_OfWhomNobodyKnows_HaveNoHeaders()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await using var server = await StartAsync(fixture);
        using var refused = await CallAsync(server, "tgw_1_x");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.False(refused.Headers.Contains(RateReply.LimitHeader));
    }

    [Fact]
    public async Task Forbidden_Call_CountsAndSaysSo()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await using var server = await StartAsync(fixture);
        using var forbidden = await CallAsync(server, (await fixture.CreateKeyAsync()).Text, "/forbidden");
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
        Assert.Equal($"{Limits.Access.RequestBurst - 1}", Header(forbidden, RateReply.RemainingHeader));
    }

    [Fact]
    public async Task Limit_OfTheKey_HoldsWithTheNextLookAtTheDatabase()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await using var server = await StartAsync(fixture);
        var key = await fixture.CreateKeyAsync(new ApiKeySettings("slow", RatePerSecond: 1, RateBurst: 1));
        using (await CallAsync(server, key.Text)) { }
        using (var refused = await CallAsync(server, key.Text)) Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);

        await fixture.ApiKeys.UpdateAsync(Actor.Gateway, null, key.Id, settings => settings with { RatePerSecond = 5000, RateBurst = 9 }, CancellationToken.None);
        await fixture.PollAsync();
        using var passed = await CallAsync(server, key.Text);
        Assert.Equal(HttpStatusCode.OK, passed.StatusCode);
        Assert.Equal("9", Header(passed, RateReply.LimitHeader));
    }
}
