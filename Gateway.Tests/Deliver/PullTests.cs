using System.Net;
using System.Text.Json;
using Gateway.Deliver;
using Gateway.Deliver.Pull;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class PullTests
{
    private static async Task<JsonElement> GetAsync(StreamServer server, string query, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await server.Client.GetAsync("/api/v1/events" + query);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    private static long[] Seqs(JsonElement page) => [.. page.GetProperty("events").EnumerateArray().Select(TestOutlet.Seq)];

    [Fact]
    public async Task Pull_PageByPage_ReadsAllOnceInOrder()
    {
        await using var server = await StreamServer.StartAsync(history: 620);
        List<long> seqs = [];
        var after = 0L;
        while (true)
        {
            var page = await GetAsync(server, $"?all=true&limit=250&after={after}");
            after = page.GetProperty("next_after").GetInt64();
            if (Seqs(page) is not { Length: > 0 } got)
            {
                break;
            }

            seqs.AddRange(got);
        }

        Assert.Equal(Enumerable.Range(1, 620).Select(seq => (long)seq), seqs);
        Assert.Equal(620, after);
    }

    [Fact]
    public async Task Pull_QuietFilter_NextAfterMovesOn()
    {
        await using var server = await StreamServer.StartAsync(history: 30);
        var page = await GetAsync(server, "?all=true&types=poll&after=0");

        Assert.Empty(Seqs(page));
        Assert.Equal(30, page.GetProperty("next_after").GetInt64());
        Assert.Equal(server.Hub.Hub.Position!.Value.LogId, page.GetProperty("log_id").GetString());
    }

    [Fact]
    public async Task Pull_Waiting_IsAnsweredByTheNextEvent()
    {
        await using var server = await StreamServer.StartAsync(history: 3);
        var waiting = GetAsync(server, "?all=true&after=3&wait=30");
        while (server.Hub.Hub.ConnectionCount == 0)
        {
            await Task.Yield();
        }

        await server.Hub.SettleAsync();
        await server.Hub.PublishAsync();
        var page = await waiting.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal([4], Seqs(page));
        Assert.Equal(4, page.GetProperty("next_after").GetInt64());
    }

    [Fact]
    public async Task Pull_Waiting_NothingComes_IsEmptyAfterTheWait()
    {
        await using var server = await StreamServer.StartAsync(history: 3);
        var waiting = GetAsync(server, "?all=true&after=3&wait=5");
        while (!waiting.IsCompleted)
        {
            server.Hub.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.Equal(3, (await waiting).GetProperty("next_after").GetInt64());
    }

    [Fact]
    public async Task Pull_PositionAboveTheHead_AnswersAGapAtOnce()
    {
        await using var server = await StreamServer.StartAsync(history: 3);
        var page = await GetAsync(server, "?all=true&after=99&wait=30");

        Assert.Equal("log_reset", page.GetProperty("gaps")[0].GetProperty("reason").GetString());
        Assert.Equal(3, page.GetProperty("next_after").GetInt64());
    }

    [Fact]
    public async Task Pull_GroupMigratedBetweenTwoPulls_HasTheGapWithTheLink()
    {
        await using var server = await StreamServer.StartAsync(history: 1);
        var old = await server.Hub.ChatIdAsync(Gateway.Tests.Log.SampleUpdates.GroupId);
        await server.Hub.PublishAsync(2, chat: -100777);
        await server.Hub.SettleAsync();
        var before = await GetAsync(server, $"?chat_id={old}&after=1");
        Assert.Equal(3, before.GetProperty("next_after").GetInt64());
        var next = await server.Hub.ChatIdAsync(-100777);
        await server.Hub.ExecuteAsync($"UPDATE chats SET migrated_to = {next} WHERE id = {old}");
        var link = await server.Hub.PublishGatewayEventAsync(
            GatewayEventKinds.ChatMigrated, next, System.Text.Encoding.UTF8.GetString(new MigrationPayload(old, next, 2).Encode()));
        await server.Hub.SettleAsync();

        var page = await GetAsync(server, $"?chat_id={old}&after=3&log_id={before.GetProperty("log_id").GetString()}");
        var gap = page.GetProperty("gaps")[0];
        Assert.Equal("migration", gap.GetProperty("reason").GetString());
        Assert.Equal([link.Seq], Seqs(page));
        var missed = await GetAsync(server, $"?chat_id={next}&after={gap.GetProperty("requested").GetInt64()}");
        Assert.Equal([2, 3, link.Seq], Seqs(missed));
        Assert.Empty(missed.GetProperty("gaps").EnumerateArray());
    }

    /// <summary>Regression: an answer that was full before the log got a new identity was labelled with the new one, and the gap was never told.</summary>
    [Fact]
    public async Task Pull_LogGetsANewIdentityMeanwhile_IsAskedToComeAgainAndIsThenToldTheGap()
    {
        await using var server = await StreamServer.StartAsync(history: 3);
        var old = server.Hub.Hub.Position!.Value.LogId;
        var waiting = GetAsync(server, "?all=true&after=3&wait=30", HttpStatusCode.ServiceUnavailable);
        while (server.Hub.Hub.ConnectionCount == 0)
        {
            await Task.Yield();
        }

        await server.Hub.SettleAsync();
        var reset = (await server.Hub.Store.ResetAsync(new LogPosition(old, 50)))!;
        await server.Hub.Hub.OfferAsync(new LogPosition(reset.LogId, reset.Seq), [reset], default);
        Assert.Equal("UNAVAILABLE", (await waiting).GetProperty("code").GetString());

        var page = await GetAsync(server, $"?all=true&after=3&log_id={old}");
        Assert.Equal("log_reset", page.GetProperty("gaps")[0].GetProperty("reason").GetString());
        Assert.Equal([reset.Seq], Seqs(page));
    }

    [Theory]
    [InlineData("?all=true&limit=501", HttpStatusCode.BadRequest, "INVALID_PARAMETER")]
    [InlineData("?all=true&wait=51", HttpStatusCode.BadRequest, "INVALID_PARAMETER")]
    [InlineData("?after=3", HttpStatusCode.BadRequest, "INVALID_SELECTOR")]
    [InlineData("?chat_id=5&all=true", HttpStatusCode.BadRequest, "INVALID_SELECTOR")]
    [InlineData("?all=true&afterr=3", HttpStatusCode.BadRequest, "UNKNOWN_FIELD")]
    [InlineData("?all=true&after=3&since=2026-01-01T00:00:00Z", HttpStatusCode.BadRequest, "INVALID_START")]
    [InlineData("?all=true&after=1&after=9", HttpStatusCode.BadRequest, "INVALID_FIELD")]
    [InlineData("?all=true&limit=1&limit=9", HttpStatusCode.BadRequest, "INVALID_PARAMETER")]
    [InlineData("?all=true&wait=1&wait=1", HttpStatusCode.BadRequest, "INVALID_PARAMETER")]
    [InlineData("?all=true&types=", HttpStatusCode.BadRequest, "INVALID_SELECTOR")]
    [InlineData("?chat_id=4711", HttpStatusCode.NotFound, "CHAT_NOT_FOUND")]
    [InlineData("?bot_ids=4711", HttpStatusCode.NotFound, "BOT_NOT_FOUND")]
    public async Task Pull_Invalid_IsRefusedWithItsCode(string query, HttpStatusCode status, string code)
    {
        await using var server = await StreamServer.StartAsync();
        Assert.Equal(code, (await GetAsync(server, query, status)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Pull_WithoutOrWithABadKey_Is401()
    {
        await using var server = await StreamServer.StartAsync(history: 1);
        server.Client.DefaultRequestHeaders.Clear();
        var none = await GetAsync(server, "?all=true", HttpStatusCode.Unauthorized);
        var bad = await GetAsync(server, "?all=true&api_key=tgw_1_nonsense", HttpStatusCode.Unauthorized);

        Assert.Equal("UNAUTHENTICATED", none.GetProperty("code").GetString());
        Assert.Equal("UNAUTHENTICATED", bad.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Pull_GrantsChangeWhileItCollects_AnswersNothingOfThem()
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        var principal = HubHarness.Reader(1);
        var outlet = new PullOutlet(10, 0);
        var connection = hub.Hub.Open(principal, PullFraming.Instance, outlet);
        outlet.Attach(connection);
        var resolved = await hub.Hub.ResolveAsync(principal, new SubscriptionRequest { All = true, After = 0 }, default);
        await connection.StartAsync(resolved);
        await outlet.CaughtUp.WaitAsync(TimeSpan.FromSeconds(20));
        var (before, granted) = (PullHandler.MayLeave(outlet, hub.Hub, connection), principal.Grants);
        principal.Grants = Gateway.Access.Grants.None;
        var revoked = PullHandler.MayLeave(outlet, hub.Hub, connection);
        (principal.Grants, hub.IsCurrent) = (granted, false);

        Assert.True(before);
        Assert.False(revoked);
        Assert.False(PullHandler.MayLeave(outlet, hub.Hub, connection));
    }

    /// <summary>Asked again before each part of an answer that its reader is slow to take: the key may have expired meanwhile, or lost its scope.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pull_KeyEndsOrLosesItsScopeWithItsGrantsAsTheyWere_AnswersNothingMore(bool ends)
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        var principal = HubHarness.Reader(1);
        var outlet = new PullOutlet(10, 0);
        var connection = hub.Hub.Open(principal, PullFraming.Instance, outlet);
        outlet.Attach(connection);
        await connection.StartAsync(await hub.Hub.ResolveAsync(principal, new SubscriptionRequest { All = true, After = 0 }, default));
        await outlet.CaughtUp.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(PullHandler.MayLeave(outlet, hub.Hub, connection));

        (principal.IsRevoked, principal.Permissions) = ends ? (true, principal.Permissions) : (false, Gateway.Access.Permission.None);

        Assert.False(PullHandler.MayLeave(outlet, hub.Hub, connection));
    }

    /// <summary>What let an event out are the grants before the shard looked at it, not those of the moment when the outlet took it.</summary>
    [Fact]
    public async Task Pull_RevokedBetweenTheShardsLookAndTheOutlet_AnswersNothingOfIt()
    {
        await using var hub = await HubHarness.StartAsync();
        var principal = HubHarness.Reader(1);
        var outlet = new PullOutlet(10, 0);
        var connection = hub.Hub.Open(principal, PullFraming.Instance, outlet);
        outlet.Attach(connection);
        // No subscription: the shard sends nothing of its own meanwhile.
        connection.SentUnder = principal.Grants;
        principal.Grants = HubHarness.Reads(2);
        outlet.Send([(byte)PullRecord.Event, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, (byte)'{', (byte)'}']);

        Assert.True(outlet.HasAnything);
        Assert.False(PullHandler.MayLeave(outlet, hub.Hub, connection));
        principal.Grants = HubHarness.Reads(1, 2);
        Assert.True(PullHandler.MayLeave(outlet, hub.Hub, connection));
    }

    [Fact]
    public async Task Pull_PermissionsNotCurrent_Is503AndNever403()
    {
        await using var server = await StreamServer.StartAsync(history: 1);
        server.Hub.IsCurrent = false;
        var waiting = GetAsync(server, "?all=true&after=0", HttpStatusCode.ServiceUnavailable);
        while (!waiting.IsCompleted)
        {
            server.Hub.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.Equal("UNAVAILABLE", (await waiting).GetProperty("code").GetString());
    }
}
