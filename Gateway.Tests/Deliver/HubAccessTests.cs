using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Gateway.Messages;
using Gateway.Tests.Log;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class HubAccessTests
{
    private const long OtherGroup = -77;

    [Fact]
    public async Task All_KeyWithOneChat_GetsOnlyThatChat_LiveAndReplayed()
    {
        await using var hub = await HubHarness.StartAsync(history: 2);
        await hub.PublishAsync(1, chat: OtherGroup);
        var mine = await hub.ChatIdAsync(SampleUpdates.GroupId);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true,"after":0}""", HubHarness.Reader(mine));
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        await hub.PublishAsync(1, chat: OtherGroup);
        await hub.PublishAsync(1);
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal([1, 2], outlet.Replayed("a"));
        Assert.Equal([5], outlet.Bare);
    }

    [Fact]
    public async Task Subscribe_ChatOfOthers_IsAnsweredAsOneThatDoesNotExist()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        await hub.PublishAsync(1, chat: OtherGroup);
        var outlet = hub.Open(HubHarness.Reader(await hub.ChatIdAsync(SampleUpdates.GroupId)));
        var theirs = await HubHarness.SubscribeAsync(outlet, $$"""{"chat_id":{{await hub.ChatIdAsync(OtherGroup)}}}""");
        var nowhere = await HubHarness.SubscribeAsync(outlet, """{"chat_id":4711}""");
        var byTelegram = await HubHarness.SubscribeAsync(outlet, $$"""{"chat_id":"tg:1:{{OtherGroup}}"}""");
        var bot = await HubHarness.SubscribeAsync(outlet, """{"bot_ids":[1]}""");
        var mine = await HubHarness.SubscribeAsync(outlet, $$"""{"chat_id":"tg:1:{{SampleUpdates.GroupId}}"}""");

        Assert.Equal("CHAT_NOT_FOUND", nowhere.Error!.Code);
        var said = WebSocketFraming.Instance.Error(nowhere.Error);
        Assert.Equal(said, WebSocketFraming.Instance.Error(theirs.Error!));
        Assert.Equal(said, WebSocketFraming.Instance.Error(byTelegram.Error!));
        Assert.Equal("BOT_NOT_FOUND", bot.Error!.Code);
        Assert.Null(mine.Error);
    }

    /// <summary>Regression: until the next poll of the control version a chat just granted was answered as one that does not exist.</summary>
    [Theory]
    [InlineData("""{"chat_id":"tg:1:-100"}""")]
    [InlineData("""{"bot_ids":[1]}""")]
    [InlineData("""{"all":true}""")]
    public async Task Subscribe_WithAGrantOfAMomentAgo_ReadsThePermissionsFirst(string request)
    {
        await using var hub = await HubHarness.StartAsync();
        await hub.PublishAsync(1, chat: -100);
        var principal = HubHarness.Reader();
        var reads = 0;
        hub.ReadFresh = () =>
        {
            reads++;
            principal.Grants = new Grants(false, FrozenSet<long>.Empty, new[] { 1L }.ToFrozenSet());
            return Task.FromResult(true);
        };

        var outlet = hub.Open(principal);
        Assert.Null((await HubHarness.SubscribeAsync(outlet, request)).Error);
        Assert.Equal(1, reads);
        Assert.Null((await HubHarness.SubscribeAsync(hub.Open(principal), request)).Error);
        Assert.Equal(1, reads);
    }

    [Fact]
    public async Task Subscribe_RefusedWhilePermissionsCannotBeRead_IsUnavailableAndNotRefused()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        hub.ReadFresh = () => Task.FromResult(false);
        var outlet = hub.Open(HubHarness.Reader());
        Assert.Equal("UNAVAILABLE", (await HubHarness.SubscribeAsync(outlet, """{"chat_id":1}""")).Error!.Code);
        Assert.Equal("UNAVAILABLE", (await HubHarness.SubscribeAsync(outlet, """{"all":true}""")).Error!.Code);
    }

    [Fact]
    public async Task Grant_TakenWhileQueued_EventDoesNotLeave()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var chat = await hub.ChatIdAsync(SampleUpdates.GroupId);
        var principal = HubHarness.Reader(chat);
        var outlet = await hub.SubscribedAsync($$"""{"id":"a","chat_id":{{chat}}}""", principal);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        outlet.IsBlocked = true;
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        await hub.PublishAsync(3);
        await hub.SettleAsync();
        principal.Grants = Grants.None;
        outlet.Unblock();
        await hub.SettleAsync();

        Assert.Equal([2], outlet.Bare);
    }

    [Fact]
    public async Task Key_Revoked_StreamClosesWith4001AndSendsNothingMore()
    {
        await using var hub = await HubHarness.StartAsync();
        var principal = new Principal(PrincipalId.Key(9), "gone") { Grants = hub.Admin.Grants, Permissions = Permission.EventsRead };
        var outlet = await hub.SubscribedAsync("""{"all":true}""", principal);
        var other = await hub.SubscribedAsync("""{"all":true}""");
        principal.IsRevoked = true;
        await hub.Hub.OnControlChangedAsync(2, default);
        await hub.PublishAsync();
        await other.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal(CloseCode.Unauthenticated, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(CloseCode.Unauthenticated, outlet.Closed);
        Assert.Empty(outlet.Bare);
        Assert.Null(other.Closed);
    }

    [Fact]
    public async Task Key_ExpiresSoon_IsToldOnceAMinuteBefore()
    {
        await using var hub = await HubHarness.StartAsync();
        var principal = new Principal(PrincipalId.Key(9), "short") { Grants = hub.Admin.Grants, Permissions = Permission.EventsRead };
        principal.ExpiresAtMs = hub.Time.GetUtcNow().AddMinutes(3).ToUnixTimeMilliseconds();
        var outlet = await hub.SubscribedAsync("""{"all":true}""", principal);
        var lasting = await hub.SubscribedAsync("""{"all":true}""");
        for (var second = 0; second < 170; second++)
        {
            hub.Time.Advance(TimeSpan.FromSeconds(1));
            await hub.SettleAsync();
        }

        // One tick a second here, so each connection's turn comes once in a minute.
        Assert.InRange(outlet.Actions("expiring").Single().GetProperty("in").GetInt64(), 1, 75);
        Assert.Empty(lasting.Actions("expiring"));
    }

    /// <summary>A token ends by itself and can be renewed, which a key that has expired cannot: another code, and a warning before.</summary>
    [Fact]
    public async Task Token_Expired_ClosesItsStreamWith4102_UnlessItWasRenewed()
    {
        await using var hub = await HubHarness.StartAsync();
        var (token, next) = (Token(TimeSpan.FromMinutes(1)), Token(TimeSpan.FromMinutes(15)));
        var outlet = await hub.SubscribedAsync("""{"all":true}""", token);
        var renewed = await hub.SubscribedAsync("""{"all":true}""", token);
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        renewed.Connection.Renew(next);
        token.IsTokenExpired = token.IsRevoked = true;
        await hub.Hub.OnControlChangedAsync(2, default);
        await hub.PublishAsync();
        await renewed.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal(CloseCode.TokenExpired, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Empty(outlet.Bare);
        Assert.Null(renewed.Closed);

        Principal Token(TimeSpan life) => new(PrincipalId.User(4), "ada", sessionId: 7)
        {
            Grants = Grants.Admin,
            Permissions = Permission.All,
            ExpiresAtMs = (hub.Time.GetUtcNow() + life).ToUnixTimeMilliseconds(),
        };
    }

    [Fact]
    public async Task Token_OfASessionThatEndedBeforeItsTime_ClosesItsStreamWith4001()
    {
        await using var hub = await HubHarness.StartAsync();
        var token = new Principal(PrincipalId.User(4), "ada", sessionId: 7) { Grants = Grants.Admin, Permissions = Permission.All };
        token.ExpiresAtMs = hub.Time.GetUtcNow().AddMinutes(15).ToUnixTimeMilliseconds();
        var outlet = await hub.SubscribedAsync("""{"all":true}""", token);
        token.IsRevoked = true;
        await hub.Hub.OnControlChangedAsync(2, default);

        Assert.Equal(CloseCode.Unauthenticated, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Permission_ToReadEventsLost_ClosesTheStreamWith4003()
    {
        await using var hub = await HubHarness.StartAsync();
        var principal = HubHarness.Reader(1);
        var outlet = await hub.SubscribedAsync("""{"all":true}""", principal);
        var stalled = await hub.BlockedAsync(HubHarness.Someone(Grants.Admin));
        principal.Permissions = Permission.All & ~Permission.EventsRead;
        stalled.Connection.Principal.Permissions = Permission.None;
        await hub.Hub.OnControlChangedAsync(2, default);

        Assert.Equal(CloseCode.Forbidden, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(CloseCode.Forbidden, outlet.Closed);
        Assert.Equal(CloseCode.Forbidden, await stalled.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(stalled.IsAborted);
    }

    [Fact]
    public async Task Key_RevokedBeforeItsStreamIsOpen_IsClosedWith4001()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = hub.Open(new Principal(PrincipalId.Key(9), "gone") { IsRevoked = true });

        Assert.Equal(CloseCode.Unauthenticated, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(CloseCode.Unauthenticated, outlet.Closed);
    }

    [Fact]
    public async Task Key_RevokedWhileThePeerTakesNothing_IsCutAtOnce()
    {
        await using var hub = await HubHarness.StartAsync();
        var principal = new Principal(PrincipalId.Key(9), "gone") { Grants = hub.Admin.Grants, Permissions = Permission.EventsRead };
        var outlet = await hub.BlockedAsync(principal);
        principal.IsRevoked = true;
        await IsCutAsync(hub, outlet, CloseCode.Unauthenticated);
    }

    /// <summary>Regression: only a revoked key cut a stalled stream; after a revoked grant the peer got megabytes of the chat when it read again.</summary>
    [Fact]
    public async Task Grant_TakenWhileThePeerTakesNothing_IsCutAtOnce()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var chat = await hub.ChatIdAsync(SampleUpdates.GroupId);
        var principal = HubHarness.Reader(chat, 77);
        var outlet = await hub.BlockedAsync(principal);
        principal.Grants = HubHarness.Reader(77).Grants;
        await IsCutAsync(hub, outlet, CloseCode.SlowConsumer);
    }

    /// <summary>Once the hub has heard of the change.</summary>
    private static async Task IsCutAsync(HubHarness hub, TestOutlet outlet, CloseCode code)
    {
        await hub.Hub.OnControlChangedAsync(2, default);
        Assert.Equal(code, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(outlet.IsAborted);
    }

    [Fact]
    public async Task Grant_TakenWhileThePeerReads_TheStreamGoesOnWithTheRest()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        await hub.PublishAsync(1, chat: OtherGroup);
        await hub.SettleAsync();
        var (mine, other) = (await hub.ChatIdAsync(SampleUpdates.GroupId), await hub.ChatIdAsync(OtherGroup));
        var principal = HubHarness.Reader(mine, other);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""", principal);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        principal.Grants = HubHarness.Reader(other).Grants;
        await hub.Hub.OnControlChangedAsync(2, default);
        await hub.PublishAsync();
        var last = await hub.PublishAsync(1, chat: OtherGroup);
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal([last], outlet.Bare);
        Assert.False(outlet.IsAborted);
    }

    [Fact]
    public async Task Grants_LoadedAgainAndNothingTaken_AStalledPeerStays()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var chat = await hub.ChatIdAsync(SampleUpdates.GroupId);
        var principal = HubHarness.Reader(chat);
        var outlet = await hub.BlockedAsync(principal);
        principal.Grants = HubHarness.Reader(chat, 77).Grants;
        await hub.Hub.OnControlChangedAsync(2, default);
        await hub.SettleAsync();

        Assert.False(outlet.IsAborted);
        Assert.False(outlet.Connection.Completion.IsCompleted);
    }

    [Fact]
    public async Task Permissions_NotCurrent_PingsPassTheHeldEvents()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        hub.IsCurrent = false;
        await hub.PublishAsync(3);
        await outlet.Connection.UnsubscribeAsync("none");
        await outlet.Connection.WriteControlAsync(Gateway.Deliver.WebSocket.WebSocketFraming.Instance.Error(new RequestError("PONG", "")));
        await outlet.UntilAsync(o => o.Actions("error").Length == 1);
        Assert.Empty(outlet.Bare);

        hub.IsCurrent = true;
        hub.Time.Advance(Limits.Deliver.Tick);
        await outlet.UntilAsync(o => o.Bare.Length == 3);
        Assert.Equal([1, 2, 3], outlet.Bare);
    }

    [Fact]
    public async Task Permissions_NotCurrent_DeliveryHoldsAndThenGoesOnComplete()
    {
        await using var hub = await HubHarness.StartAsync(history: 5);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        hub.IsCurrent = false;
        await HubHarness.SubscribeAsync(outlet, """{"id":"b","all":true,"after":0}""");
        await hub.PublishAsync(Limits.Deliver.QueueEvents / 2);
        await hub.PublishAsync(Limits.Deliver.QueueEvents);
        await hub.SettleAsync();
        hub.Time.Advance(Limits.Deliver.Lagging * 2);
        await hub.SettleAsync();
        Assert.Empty(outlet.Bare);
        Assert.Empty(outlet.Replayed("b"));
        Assert.Null(outlet.Closed);

        hub.IsCurrent = true;
        hub.Time.Advance(Limits.Deliver.Tick);
        var last = hub.Hub.Position!.Value.Seq;
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 2 && o.Bare.Length > 0 && o.Bare[^1] == last);

        Assert.Equal(last - 5, outlet.Bare.Length);
        Assert.Equal(outlet.Bare.Order(), outlet.Bare);
        Assert.Equal(Enumerable.Range(1, (int)last).Select(seq => (long)seq), outlet.Replayed("b"));
    }

    /// <summary>
    /// Regression: a process that woke was current again before its streams were told that their key had expired or their permission was gone, which
    /// take no grants away; what had been held left in between.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Credential_EndedWhileDeliveryWasHeld_NothingLeavesBeforeTheShardIsTold(bool isRevoked)
    {
        var code = isRevoked ? CloseCode.Unauthenticated : CloseCode.Forbidden;
        await using var hub = await HubHarness.StartAsync();
        var principal = HubHarness.Someone(Grants.Admin);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""", principal);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        hub.IsCurrent = false;
        await hub.PublishAsync(3);
        await hub.SettleAsync();
        if (isRevoked) principal.IsRevoked = true;
        else principal.Permissions = Permission.ChatsRead;
        hub.IsCurrent = true;
        hub.Time.Advance(Limits.Deliver.Tick);

        Assert.Equal(code, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(code, outlet.Closed);
        Assert.Empty(outlet.Bare);
    }

    /// <summary>Regression: a process that stood still while a send was put together asked only whether it is current, which it may be again.</summary>
    [Fact]
    public async Task Grant_TakenWhileTheSendIsPutTogether_ItIsNotSent()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var principal = HubHarness.Reader(await hub.ChatIdAsync(SampleUpdates.GroupId), 77);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""", principal);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        var looks = 0;
        hub.AsksWhetherCurrent = () =>
        {
            if (Interlocked.Increment(ref looks) == 2) principal.Grants = HubHarness.Reads(77);
            return true;
        };
        await hub.PublishAsync();

        await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(outlet.IsAborted);
        Assert.Empty(outlet.Bare);
    }

    [Fact]
    public async Task Bot_WideGrant_ReadsItsChatsByNumberAndAsABot()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var principal = new Principal(PrincipalId.Key(3), "bot") { Grants = new Grants(false, FrozenSet<long>.Empty, new long[] { 1 }.ToFrozenSet()), Permissions = Permission.EventsRead };
        var outlet = await hub.SubscribedAsync("""{"id":"a","bot_ids":[1],"after":0}""", principal);
        Assert.Null((await HubHarness.SubscribeAsync(outlet, """{"id":"b","chat_id":1}""")).Error);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 2);
        await hub.PublishAsync(1, chat: OtherGroup);
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal([1], outlet.Replayed("a"));
    }
}
