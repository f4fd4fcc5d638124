using System.Net;
using Gateway.Access;
using Gateway.Http;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Access;

/// <summary>What stands in the route table is what is checked, over a real server and with real keys.</summary>
public sealed class AccessGateTests
{
    private static HttpRoute Route(string needs) =>
        new("GET", "/thing", exchange => JsonReply.WriteAsync(exchange, 200, "{}"u8.ToArray()), "thing") { Needs = needs };

    private static async Task<(HttpStatusCode Status, string Text)> CallAsync(AccessFixture fixture, string needs, string? key, Func<Task<bool>>? readFresh = null)
    {
        var gate = new AccessGate(fixture.Access, readFresh ?? fixture.PollAsync);
        var door = new FrontDoor(new Router([gate.Protect(Route(needs))]), NullLogger<FrontDoor>.Instance);
        await using var server = await LoopbackServer.StartAsync(door.HandleAsync);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/thing");
        if (key is not null) request.Headers.Add("X-API-Key", key);
        using var response = await server.Client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<string> KeyAsync(AccessFixture fixture, string? scopes, bool isAdmin = false) =>
        (await fixture.CreateKeyAsync(new ApiKeySettings("test", isAdmin, scopes))).Text;

    [Theory]
    [InlineData(null, false, "bots:read", HttpStatusCode.OK)]
    [InlineData(null, false, "bots:write", HttpStatusCode.Forbidden)]
    [InlineData("bots:write", false, "bots:write", HttpStatusCode.OK)]
    [InlineData("bots:write", false, "bots:read", HttpStatusCode.Forbidden)]
    [InlineData("bots:read", true, "bots:write", HttpStatusCode.Forbidden)]
    [InlineData(null, true, "users:write", HttpStatusCode.OK)]
    [InlineData("of:tomorrow", false, "authenticated", HttpStatusCode.OK)]
    public async Task Key_WithScopes_MayCallWhatTheyName(string? scopes, bool isAdmin, string needs, HttpStatusCode expected)
    {
        await using var fixture = await AccessFixture.CreateAsync();
        Assert.Equal(expected, (await CallAsync(fixture, needs, await KeyAsync(fixture, scopes, isAdmin))).Status);
    }

    [Fact]
    public async Task Forbidden_Answer_NamesThePermission()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        Assert.Contains("\"details\":{\"needs\":\"audit:read\"}", (await CallAsync(fixture, "audit:read", await KeyAsync(fixture, null))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credential_MissingOrWrong_Is401()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await CallAsync(fixture, RouteNeeds.Authenticated, null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await CallAsync(fixture, RouteNeeds.Authenticated, "tgw_1_x")).Status);
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(fixture, RouteNeeds.Public, null)).Status);
    }

    [Fact]
    public async Task Scope_GivenAMomentAgo_IsFoundBeforeTheRefusal()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await KeyAsync(fixture, "bots:read");
        Assert.Equal(HttpStatusCode.Forbidden, (await CallAsync(fixture, "chats:read", key)).Status);

        await fixture.ExecuteAsync("UPDATE api_keys SET scopes = 'chats:read'");
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(fixture, "chats:read", key)).Status);
    }

    [Fact]
    public async Task Permissions_ThatCannotBeRead_Are503AndNever403()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await KeyAsync(fixture, "bots:read");
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(fixture, "bots:read", key)).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await CallAsync(fixture, "chats:read", key, () => Task.FromResult(false))).Status);

        fixture.Time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await CallAsync(fixture, "bots:read", key)).Status);
    }

    [Theory]
    [InlineData("UPDATE api_keys SET revoked_at_ms = 1", HttpStatusCode.Unauthorized, "route thing 1")]
    [InlineData("UPDATE api_keys SET scopes = 'chats:read'", HttpStatusCode.Forbidden, "permission bots:write 1")]
    [InlineData("UPDATE api_keys SET name = 'other'", HttpStatusCode.OK, "")]
    public async Task Key_ChangedWhileItsBodyComes_IsAskedForAgainAndNotedOnce(string change, HttpStatusCode expected, string noted)
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (entered, released) = (new TaskCompletionSource(), new TaskCompletionSource());
        var route = new HttpRoute("POST", "/thing", HandleAsync, "thing") { Needs = "bots:write" };
        var denials = new AuditDenials(fixture.Database, fixture.Time, NullLogger.Instance);
        var ended = new TaskCompletionSource();
        var gated = new AccessGate(fixture.Access, fixture.PollAsync, denials).Protect(route);
        var door = new FrontDoor(new Router([gated with { Handler = RunAsync }]), NullLogger<FrontDoor>.Instance);
        await using var server = await LoopbackServer.StartAsync(door.HandleAsync);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/thing");
        request.Headers.Add("X-API-Key", await KeyAsync(fixture, "bots:write"));
        var sending = server.Client.SendAsync(request);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(10));

        await fixture.ExecuteAsync(change);
        await fixture.PollAsync();
        released.SetResult();

        using var response = await sending;
        Assert.Equal(expected, response.StatusCode);
        // The note comes after the answer.
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(await denials.FlushAsync(isLast: true));
        Assert.Equal(noted, await fixture.ReadAsync("SELECT COALESCE(MAX(target_type || ' ' || target_id || ' ' || count), '') FROM audit_log WHERE outcome = 'denied'"));

        async Task RunAsync(Exchange exchange)
        {
            await gated.Handler(exchange);
            ended.SetResult();
        }

        async Task HandleAsync(Exchange exchange)
        {
            // Here the client takes its time.
            entered.SetResult();
            await released.Task;
            if (await JsonBody.ReadAsync(exchange, new JsonShape("Thing")) is not null) await JsonReply.WriteAsync(exchange, 200, "{}"u8.ToArray());
        }
    }

    [Fact]
    public void Protect_NeedThatIsNoPermission_IsAMistakeInTheTable() =>
        Assert.Throws<ArgumentException>(() => new AccessGate(null!, null!).Protect(Route("bots:raed")));
}
