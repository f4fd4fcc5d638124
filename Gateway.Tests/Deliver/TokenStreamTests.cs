using System.Net;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Messages;
using Gateway.Tests.Access;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>From a login to the end of its streams: a real access token, the real watcher, and a hub that it tells.</summary>
public sealed class TokenStreamTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Stream_OfAnAccessToken_IsToldAMinuteBefore_AndClosedWith4102WhenItEnds()
    {
        await using var access = await SessionFixture.CreateAsync();
        await using var hub = await HubHarness.StartAsync();
        Join(access, hub);
        var tokens = await access.EnterAsync("ada", Roles.Admin);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""", await access.AcceptAsync(tokens.Access.Text));
        var renewed = await hub.SubscribedAsync("""{"id":"a","all":true}""", outlet.Connection.Principal);
        await PassAsync(access, hub, Limits.Access.AccessTokenLife - (2 * Second));
        // One tick a second here, so each connection's turn comes once in a minute.
        Assert.InRange(outlet.Actions("expiring").Single().GetProperty("in").GetInt64(), 15, 75);
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        var next = (await access.RefreshAsync(tokens.RefreshToken)).Tokens!;
        renewed.Connection.Renew(await access.AcceptAsync(next.Access.Text));

        await PassAsync(access, hub, (4 * Second) + Limits.Access.TokenClockSkew);
        await hub.PublishAsync();

        Assert.Equal(CloseCode.TokenExpired, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(CloseCode.TokenExpired, outlet.Closed);
        await renewed.UntilAsync(o => o.Bare.Length == 2);
        Assert.Single(outlet.Bare);
        Assert.Null(renewed.Closed);
    }

    /// <summary>Regression: a session whose time was over closed its streams with 4102, "come again with a new token", of which there is none.</summary>
    [Fact]
    public async Task Stream_OfASessionWhoseTimeIsOver_IsClosedWith4001()
    {
        await using var access = await SessionFixture.CreateAsync();
        await using var hub = await HubHarness.StartAsync();
        Join(access, hub);
        var tokens = await access.EnterAsync("ada", Roles.Admin);
        await access.NumberAsync($"UPDATE sessions SET expires_at_ms = {(access.Time.GetUtcNow() + (5 * Second)).ToUnixTimeMilliseconds()}");
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""", await access.AcceptAsync(tokens.Access.Text));
        await PassAsync(access, hub, 6 * Second);

        Assert.Equal(CloseCode.Unauthenticated, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    /// <summary>A page's EventSource sends no header: what it has is a ticket, good for one stream.</summary>
    [Fact]
    public async Task EventStream_WithATicket_OpensOnceAndSendsWhatItsMakerMayRead()
    {
        await using var server = await StreamServer.StartAsync(history: 1);
        using var page = new HttpClient { BaseAddress = server.Address };
        var query = $"/api/v1/events/stream?all=true&after=0&ticket={await server.TicketAsync()}";
        using var opened = await page.GetAsync(query, HttpCompletionOption.ResponseHeadersRead);
        using var again = await page.GetAsync(query);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);

        using var text = new StreamReader(await opened.Content.ReadAsStreamAsync());
        string? line;
        do line = await text.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20));
        while (line is not null && !line.StartsWith("data: {\"seq\":1,", StringComparison.Ordinal));
        Assert.NotNull(line);
    }

    /// <summary>One time of day, and the watcher tells the hub.</summary>
    private static void Join(SessionFixture access, HubHarness hub)
    {
        access.Time.SetUtcNow(hub.Time.GetUtcNow());
        access.Principals.AddObserver(hub.Hub);
    }

    /// <summary>Second by second on both clocks; the watcher looks at each.</summary>
    private static async Task PassAsync(SessionFixture access, HubHarness hub, TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Second)
        {
            access.Time.Advance(Second);
            hub.Time.Advance(Second);
            await access.PollAsync();
            await hub.SettleAsync();
        }
    }
}
