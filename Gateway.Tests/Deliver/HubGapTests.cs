using Gateway.Deliver;
using Gateway.Messages;
using Gateway.Tests.Log;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class HubGapTests
{
    private const long OtherGroup = -77;

    [Fact]
    public async Task Replay_BehindRetention_TellsTheGapBeforeTheEvents()
    {
        await using var hub = await HubHarness.StartAsync(history: 10);
        Assert.Equal(4, await hub.Store.DeleteExpiredAsync(1, long.MaxValue, 4, default));
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true,"after":2}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        var gap = outlet.Actions("gap").Single();
        Assert.Equal("retention", gap.GetProperty("reason").GetString());
        Assert.Equal(1, gap.GetProperty("bot_id").GetInt64());
        Assert.Equal(2, gap.GetProperty("requested").GetInt64());
        Assert.Equal(5, gap.GetProperty("earliest").GetInt64());
        Assert.Equal([5, 6, 7, 8, 9, 10], outlet.Replayed("a"));
    }

    [Fact]
    public async Task Replay_FromEarliest_HasNoGap()
    {
        await using var hub = await HubHarness.StartAsync(history: 10);
        await hub.Store.DeleteExpiredAsync(1, long.MaxValue, 4, default);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true,"from":"earliest"}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Empty(outlet.Actions("gap"));
        Assert.Equal(6, outlet.Replayed("a").Length);
    }

    [Fact]
    public async Task Replay_KeyWithOneChat_IsToldOfItsOwnBotOnly()
    {
        await using var hub = await HubHarness.StartAsync(history: 10);
        await hub.ExecuteAsync("INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (2, 5, '', 0)");
        await hub.Store.DeleteExpiredAsync(1, long.MaxValue, 4, default);
        var mine = await hub.SubscribedAsync("""{"id":"a","all":true,"after":2}""", HubHarness.Reader(await hub.ChatIdAsync(SampleUpdates.GroupId)));
        var others = await hub.SubscribedAsync("""{"id":"a","all":true,"after":2}""", HubHarness.Reader(await hub.ChatIdAsync(5)));
        await mine.UntilAsync(o => o.Actions("caught_up").Length == 1);
        await others.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Equal(5, mine.Actions("gap").Single().GetProperty("earliest").GetInt64());
        Assert.Empty(others.Actions("gap"));
    }

    [Fact]
    public async Task Start_AboveTheHead_IsAGapAndNotAWait()
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true,"after":1000}""");
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        var gap = outlet.Actions("gap").Single();
        Assert.Equal("log_reset", gap.GetProperty("reason").GetString());
        Assert.Equal(1000, gap.GetProperty("requested").GetInt64());
        Assert.Equal(4, gap.GetProperty("earliest").GetInt64());
    }

    [Fact]
    public async Task Start_OfAnEndedLog_GoesOnAfterWhatBothShare()
    {
        await using var hub = await HubHarness.StartAsync(history: 6);
        await hub.ExecuteAsync("INSERT INTO log_history (log_id, last_seq, seen_seq, ended_at_ms) VALUES ('oldoldol', 4, 9, 0)");
        var shared = await hub.SubscribedAsync("""{"id":"a","all":true,"after":3,"log_id":"oldoldol"}""");
        var lost = await hub.SubscribedAsync("""{"id":"a","all":true,"after":9,"log_id":"oldoldol"}""");
        var unknown = await hub.SubscribedAsync("""{"id":"a","all":true,"after":9,"log_id":"whoknows"}""");
        foreach (var outlet in new[] { shared, lost, unknown })
        {
            await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
            Assert.Equal("log_reset", outlet.Actions("gap").Single().GetProperty("reason").GetString());
        }

        Assert.Equal([4, 5, 6], shared.Replayed("a"));
        Assert.Equal([5, 6], lost.Replayed("a"));
        Assert.Equal([5, 6], unknown.Replayed("a"));
    }

    [Fact]
    public async Task Log_GetsANewIdentity_EverySubscriptionIsToldAndGoesOn()
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        var floor = new LogPosition(hub.Hub.Position!.Value.LogId, 50);
        var reset = (await hub.Store.ResetAsync(floor))!;
        await hub.Hub.OfferAsync(new LogPosition(reset.LogId, reset.Seq), [reset], default);
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 2);

        var gap = outlet.Actions("gap").Single();
        Assert.Equal(3, gap.GetProperty("requested").GetInt64());
        Assert.Equal(reset.Seq, gap.GetProperty("earliest").GetInt64());
        Assert.Equal(reset.LogId, gap.GetProperty("log_id").GetString());
        Assert.Equal([reset.Seq, reset.Seq + 1], outlet.Bare);
    }

    [Fact]
    public async Task Log_ComesBackWithLowerNumbers_StreamsAreSentToResume()
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await hub.Hub.OfferAsync(new LogPosition("elsewhere", 2), [], default);

        Assert.Equal(CloseCode.Draining, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private static Task<LogEvent> LinkAsync(HubHarness hub, long from, long to, long firstSeq) =>
        hub.PublishGatewayEventAsync(GatewayEventKinds.ChatMigrated, to, System.Text.Encoding.UTF8.GetString(new MigrationPayload(from, to, firstSeq).Encode()));

    private static void AssertMigrationGap(TestOutlet outlet, string id, long requested, long earliest)
    {
        var frames = outlet.Frames.ToList();
        var told = frames.FindIndex(f => f.TryGetProperty("action", out var action) && action.GetString() == "gap" && f.GetProperty("id").GetString() == id);
        Assert.True(told >= 0, "no gap was told");
        Assert.Equal("migration", frames[told].GetProperty("reason").GetString());
        Assert.Equal(requested, frames[told].GetProperty("requested").GetInt64());
        Assert.Equal(earliest, frames[told].GetProperty("earliest").GetInt64());
        Assert.Equal(1, frames[told].GetProperty("bot_id").GetInt64());
        Assert.True(told < frames.FindIndex(f => f.TryGetProperty("seq", out var seq) && f.TryGetProperty("type", out _) && seq.GetInt64() == earliest), "the gap came after the link");
    }

    /// <summary>Regression: what the new chat had before the link was left out in silence, and the position moved past it.</summary>
    [Fact]
    public async Task Group_Migrates_SubscriptionIsToldWhatTheNewChatHadBeforeAndGoesOnWithIt()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var old = await hub.ChatIdAsync(SampleUpdates.GroupId);
        var outlet = await hub.SubscribedAsync($$"""{"id":"a","chat_id":{{old}}}""");
        var whole = await hub.SubscribedAsync("""{"id":"a","bot_ids":[1]}""");
        var all = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await hub.PublishAsync(2, chat: -100777);
        var next = await hub.ChatIdAsync(-100777);
        var link = await LinkAsync(hub, old, next, 2);
        var last = await hub.PublishAsync(1, chat: -100777);
        await outlet.UntilAsync(o => o.Bare.Length == 2);
        await whole.UntilAsync(o => o.Bare.Length == 4);
        await all.UntilAsync(o => o.Bare.Length == 4);

        Assert.Equal([link.Seq, last], outlet.Bare);
        AssertMigrationGap(outlet, "a", 1, link.Seq);
        Assert.Empty(whole.Actions("gap"));
        Assert.Empty(all.Actions("gap"));
    }

    [Fact]
    public async Task Group_MigratesWithNothingBefore_NoGapIsTold()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var old = await hub.ChatIdAsync(SampleUpdates.GroupId);
        await hub.ExecuteAsync("INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (1, -100777, '', 0)");
        var next = await hub.ChatIdAsync(-100777);
        var outlet = await hub.SubscribedAsync($$"""{"id":"a","chat_id":{{old}}}""");
        var link = await LinkAsync(hub, old, next, 2);
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal([link.Seq], outlet.Bare);
        Assert.Empty(outlet.Actions("gap"));
    }

    /// <summary>A stream of the old chat was cut between the new chat's first events and the link: its position lies above them.</summary>
    [Fact]
    public async Task Group_MigratedBehindTheResumePosition_TheCatchUpTellsTheGapWhenItReachesTheLink()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var old = await hub.ChatIdAsync(SampleUpdates.GroupId);
        await hub.PublishAsync(2, chat: -100777);
        var next = await hub.ChatIdAsync(-100777);
        var link = await LinkAsync(hub, old, next, 2);
        await hub.ExecuteAsync($"UPDATE chats SET migrated_to = {next} WHERE id = {old}");
        var last = await hub.PublishAsync(1, chat: -100777);
        await hub.SettleAsync();
        var outlet = await hub.SubscribedAsync($$"""{"id":"a","chat_id":{{old}},"after":3}""");
        await HubHarness.SubscribeAsync(outlet, $$"""{"id":"b","chat_id":{{old}},"after":1}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 2);

        Assert.Equal([link.Seq, last], outlet.Replayed("a"));
        AssertMigrationGap(outlet, "a", 1, link.Seq);
        Assert.Equal([2, 3, link.Seq, last], outlet.Replayed("b"));
        Assert.Single(outlet.Actions("gap"));
    }

    [Fact]
    public async Task Group_Migrates_KeyWithTheOldChatOnly_IsToldTheGapAndThenMissesNothingUntilItsGrantsAreLoaded()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var old = await hub.ChatIdAsync(SampleUpdates.GroupId);
        var principal = HubHarness.Reader(old);
        var byChat = await hub.SubscribedAsync($$"""{"id":"a","chat_id":{{old}}}""", principal);
        var all = await hub.SubscribedAsync("""{"id":"a","all":true}""", principal);
        var stranger = await hub.SubscribedAsync("""{"id":"a","all":true}""", HubHarness.Reader(4711));
        await hub.PublishAsync(1, chat: -100777);
        var next = await hub.ChatIdAsync(-100777);
        var link = await LinkAsync(hub, old, next, 2);
        var last = await hub.PublishAsync(1, chat: -100777);
        await byChat.UntilAsync(o => o.Bare.Length == 2);
        await all.UntilAsync(o => o.Bare.Length == 2);

        // Later only the grants count: were this one taken away, nothing more may come.
        hub.Time.Advance(Limits.Access.VersionStale + Limits.Deliver.Tick);
        await hub.PublishAsync(1, chat: -100777);
        await hub.SettleAsync();
        Assert.Equal([link.Seq, last], byChat.Bare);
        Assert.Equal([link.Seq, last], all.Bare);
        AssertMigrationGap(byChat, "a", 1, link.Seq);
        AssertMigrationGap(all, "a", 1, link.Seq);
        Assert.Empty(stranger.Actions("gap"));
    }

    /// <summary>A catch-up of "all" reads the log by its grants, which have the new chat only a moment later than the log.</summary>
    [Fact]
    public void Migration_SeenAMomentAgo_WidensWhatACatchUpReads()
    {
        FakeTimeProvider time = new();
        RecentMigrations migrations = new(time);
        var grants = HubHarness.Reader(7).Grants;
        migrations.Add(7, 9);

        Assert.Equal([7, 9], migrations.Widen(grants).Order());
        Assert.Equal([8], migrations.Widen(HubHarness.Reader(8).Grants));
        time.Advance(Limits.Access.VersionStale + TimeSpan.FromMilliseconds(1));
        Assert.Same(grants.ReadChats, migrations.Widen(grants));
    }

    /// <summary>What does not push does not begin to, because its group became another chat.</summary>
    [Theory]
    [InlineData(true, 8, false)]
    [InlineData(true, 7, true)]
    [InlineData(false, 8, true)]
    public void Migration_SeenAMomentAgo_IsPushedOnlyWhereTheOldGroupWas(bool isPush, long pushing, bool lets)
    {
        RecentMigrations migrations = new(new FakeTimeProvider());
        migrations.Add(7, 9);
        Assert.Equal(lets, migrations.LetsRead(HubHarness.Reads(7, 8).With(feedback: [pushing]), 1, 9, isPush));
    }

    /// <summary>A stream that is behind when its grants grow has the supergroup's events of before them: its group's reader was to have them.</summary>
    [Fact]
    public async Task Group_MigratesWhileTheStreamIsHeld_GrantsThatGrowHoldNothingOfTheNewChatBack()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        await hub.PublishAsync(1, OtherGroup);
        var (old, other) = (await hub.ChatIdAsync(SampleUpdates.GroupId), await hub.ChatIdAsync(OtherGroup));
        var principal = HubHarness.Reader(old);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""", principal);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        hub.IsCurrent = false;
        var first = await hub.PublishAsync(1, chat: -100777);
        var next = await hub.ChatIdAsync(-100777);
        var link = await LinkAsync(hub, old, next, first);
        var last = await hub.PublishAsync(1, chat: -100777);
        await hub.PublishAsync(1, OtherGroup);
        await hub.GrantAsync(principal, HubHarness.Reads(old, next, other));
        // From here on the grants before say nothing of the new chat any more.
        hub.Time.Advance(Limits.Access.VersionStale + Limits.Deliver.Tick);
        var end = await hub.PublishAsync(1, OtherGroup);
        hub.IsCurrent = true;
        hub.Time.Advance(Limits.Deliver.Tick);
        await outlet.UntilAsync(o => o.Bare.Length > 0 && o.Bare[^1] == end);

        Assert.Equal([link.Seq, last, end], outlet.Bare);
    }

    [Fact]
    public async Task Group_MigratesWhileASubscriptionIsResolved_ItStartsWithTheNewChat()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var old = await hub.ChatIdAsync(SampleUpdates.GroupId);
        var request = new SubscriptionRequest { Id = "a", Chats = [new ChatReference(old, 0, 0)] };
        var resolved = await hub.Hub.ResolveAsync(hub.Admin, request, default);
        await hub.PublishAsync(1, chat: -100777);
        var next = await hub.ChatIdAsync(-100777);
        await LinkAsync(hub, old, next, 2);
        await hub.SettleAsync();
        var outlet = hub.Open();
        await outlet.Connection.StartAsync(resolved);
        var last = await hub.PublishAsync(1, chat: -100777);
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal([last], outlet.Bare);
    }

    [Fact]
    public async Task Log_GetsANewIdentityWhileASubscriptionIsResolved_ItIsAskedToComeAgainAndIsThenToldTheGap()
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        var request = new SubscriptionRequest { Id = "a", All = true, After = 2 };
        var resolved = await hub.Hub.ResolveAsync(hub.Admin, request, default);
        var old = hub.Hub.Position!.Value.LogId;
        var reset = (await hub.Store.ResetAsync(new LogPosition(old, 50)))!;
        await hub.Hub.OfferAsync(new LogPosition(reset.LogId, reset.Seq), [reset], default);
        await hub.SettleAsync();
        var outlet = hub.Open();
        Assert.Equal("UNAVAILABLE", (await outlet.Connection.StartAsync(resolved)).Error!.Code);

        await outlet.Connection.SubscribeAsync(request with { LogId = old }, default);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Equal("log_reset", outlet.Actions("gap").Single().GetProperty("reason").GetString());
        Assert.Equal([3, reset.Seq], outlet.Replayed("a"));
    }

    /// <summary>Regression: the gap of a position above the old head named the old identity, and the client took the new one's events for that one's.</summary>
    [Fact]
    public async Task Log_GetsANewIdentityWhileAPositionAboveItsHeadIsResolved_ItIsAskedToComeAgain()
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        var old = hub.Hub.Position!.Value.LogId;
        var request = new SubscriptionRequest { Id = "a", All = true, After = 9, LogId = old };
        var resolved = await hub.Hub.ResolveAsync(hub.Admin, request, default);
        var reset = (await hub.Store.ResetAsync(new LogPosition(old, 50)))!;
        await hub.Hub.OfferAsync(new LogPosition(reset.LogId, reset.Seq), [reset], default);
        await hub.SettleAsync();
        var outlet = hub.Open();
        Assert.Equal("UNAVAILABLE", (await outlet.Connection.StartAsync(resolved)).Error!.Code);

        await outlet.Connection.SubscribeAsync(request, default);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Equal(reset.LogId, outlet.Actions("gap").Single().GetProperty("log_id").GetString());
        Assert.Equal([reset.Seq], outlet.Replayed("a"));
    }

    [Fact]
    public async Task Start_Since_BeginsAtTheTime()
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        hub.Time.Advance(TimeSpan.FromMinutes(10));
        var since = hub.Time.GetUtcNow().AddMinutes(-1).ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        await hub.PublishAsync(2);
        // Or the subscription may be there first, and the two come live.
        await hub.SettleAsync();
        var outlet = await hub.SubscribedAsync($$"""{"id":"a","all":true,"since":"{{since}}"}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Equal([4, 5], outlet.Replayed("a"));
    }
}
