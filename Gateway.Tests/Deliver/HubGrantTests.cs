using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Messages;
using Gateway.Tests.Log;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Law L7 on running streams: a revoke stops, a grant adds from now on, whatever the stream is doing at that moment.</summary>
public sealed partial class HubGrantTests
{
    private const long OtherGroup = -77;

    private HubHarness hub = null!;
    private long mine;
    private long other;

    /// <summary>Seq 1 is of the group, seq 2 of the other one.</summary>
    private async Task StartAsync(Func<Gateway.Log.ILogStore, Gateway.Log.ILogStore>? wrap = null)
    {
        hub = await HubHarness.StartAsync(wrap: wrap);
        await hub.PublishAsync();
        await hub.PublishAsync(1, OtherGroup);
        await hub.SettleAsync();
        (mine, other) = (await hub.ChatIdAsync(SampleUpdates.GroupId), await hub.ChatIdAsync(OtherGroup));
    }

    private async Task<TestOutlet> LiveAsync(string json, Principal principal)
    {
        var outlet = await hub.SubscribedAsync(json, principal);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        return outlet;
    }

    [Fact]
    public async Task Grant_OnALiveStreamOfAll_AddsWhatComesAfterItsFrame()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine);
        var outlet = await LiveAsync("""{"id":"a","all":true}""", principal);
        await hub.PublishAsync(1, OtherGroup);
        await hub.GrantAsync(principal, HubHarness.Reads(mine, other));
        var after = await hub.PublishAsync(1, OtherGroup);
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal([after], outlet.Bare);
        Assert.Equal([$"chat {other} True"], Told(outlet));
        Assert.Equal("access", outlet.Frames[^2].GetProperty("action").GetString());
    }

    /// <summary>What the watcher has loaded holds for the taking at once; for the giving only from when the shard has told of it.</summary>
    [Fact]
    public async Task Grant_LoadedButNotToldYet_AddsNothing()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine);
        var outlet = await LiveAsync($$"""{"id":"a","all":true}""", principal);
        principal.Grants = HubHarness.Reads(mine, other);
        await hub.PublishAsync(1, OtherGroup);
        var last = await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal([last], outlet.Bare);
    }

    /// <summary>Who asks for the past is shown what may be read when he asks, though the shard has not told of it yet.</summary>
    [Fact]
    public async Task Grant_LoadedButNotToldYet_IsOfThePastThatANewSubscriptionAsksFor()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine);
        var outlet = await LiveAsync("""{"id":"a","all":true}""", principal);
        principal.Grants = HubHarness.Reads(mine, other);
        Assert.Null((await HubHarness.SubscribeAsync(outlet, """{"id":"b","all":true,"after":0}""")).Error);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 2);

        Assert.Equal([1, 2], outlet.Replayed("b"));
        Assert.Equal([$"chat {other} True"], Told(outlet));
    }

    [Fact]
    public async Task Grant_WhileTheConnectionLags_AddsNothingOfBeforeIt()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine);
        var outlet = await LiveAsync("""{"id":"a","all":true}""", principal);
        outlet.IsBlocked = true;
        var first = await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        await hub.PublishAsync(Limits.Deliver.QueueEvents + 10);
        await hub.PublishAsync(5, OtherGroup);
        await hub.GrantAsync(principal, HubHarness.Reads(mine, other));
        var granted = hub.Hub.Position!.Value.Seq;
        await hub.PublishAsync(3, OtherGroup);
        outlet.Unblock();
        await outlet.UntilAsync(o => o.Bare.Length > 0 && o.Bare[^1] == granted + 3);

        Assert.Equal([.. HubHarness.Seqs(first, granted - 5), granted + 1, granted + 2, granted + 3], outlet.Bare);
        Assert.Equal(outlet.Bare.Length, outlet.Bare.Distinct().Count());
    }

    [Fact]
    public async Task Grant_WhileEventsOfTheChatWaitInTheQueue_TheyStayOut()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine, other);
        var outlet = await LiveAsync($$"""{"id":"a","chat_ids":[{{mine}},{{other}}]}""", principal);
        outlet.IsBlocked = true;
        var first = await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        // A stalled stream is cut when something is taken from it, so this one is held by permissions that are not known.
        hub.IsCurrent = false;
        outlet.Unblock();
        await hub.PublishAsync(2, OtherGroup);
        await hub.GrantAsync(principal, HubHarness.Reads(mine));
        await hub.PublishAsync(2, OtherGroup);
        await hub.GrantAsync(principal, HubHarness.Reads(mine, other));
        var last = await hub.PublishAsync(1, OtherGroup);
        hub.IsCurrent = true;
        hub.Time.Advance(Limits.Deliver.Tick);
        await outlet.UntilAsync(o => o.Bare.Length >= 2);
        await hub.SettleAsync();

        Assert.Equal([first, last], outlet.Bare);
        Assert.Equal([$"chat {other} False", $"chat {other} True"], Told(outlet));
    }

    [Fact]
    public async Task Grant_WhileASubscriptionCatchesUp_AddsToANewOneOnly()
    {
        WatchedStore store = null!;
        await StartAsync(inner => store = new WatchedStore(inner));
        await using var _ = hub;
        // Out of the ring, so that the past must be read.
        await hub.PublishAsync(Limits.Deliver.RecentEvents + 10, OtherGroup);
        await hub.SettleAsync();
        var principal = HubHarness.Reader(mine);
        store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true,"after":0}""", principal);
        await store.Begun.WaitAsync(TimeSpan.FromSeconds(20));
        await hub.GrantAsync(principal, HubHarness.Reads(mine, other));
        Assert.Null((await HubHarness.SubscribeAsync(outlet, """{"id":"b","all":true,"after":0}""")).Error);
        var granted = hub.Hub.Position!.Value.Seq;
        store.Gate.SetResult();
        await hub.PublishAsync(1, OtherGroup);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 2);
        var live = await hub.PublishAsync(1, OtherGroup);
        await outlet.UntilAsync(o => o.Bare.Contains(live));

        Assert.Equal(1, outlet.Replayed("a")[0]);
        Assert.DoesNotContain(outlet.Replayed("a"), seq => seq > 1 && seq <= granted);
        Assert.Equal(HubHarness.Seqs(1, granted), outlet.Replayed("b").Where(seq => seq <= granted));
        // The read that was asked for with the old grants is not used: its page may end beyond the moment of the grant.
        Assert.Contains(store.Queries, query => ReferenceEquals(query.ChatIds, principal.Grants.ReadableChats));
    }

    /// <summary>The page that a shard ahead of this one had read with the grants before: above the floor it lacks what they let through now.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Grant_WhileAPageBeyondTheLiveEndIsReadOrHeld_LosesNothingOfAfterIt(bool isHeld)
    {
        const int History = 60, Later = 3;
        WatchedStore store = null!;
        hub = await HubHarness.StartAsync(wrap: inner => store = new WatchedStore(inner));
        await using var _ = hub;
        await hub.CommitAsync(History, text: new string('x', 2 * Limits.Deliver.SendBytes / History));
        var end = (await hub.CommitAsync(1, OtherGroup)).Head;
        await hub.Hub.OfferAsync(new LogPosition(end.LogId, end.Seq), [], default);
        await hub.SettleAsync();
        var committed = await hub.CommitAsync(Later, OtherGroup);
        (mine, other) = (await hub.ChatIdAsync(SampleUpdates.GroupId), await hub.ChatIdAsync(OtherGroup));
        var principal = HubHarness.Reader(mine);
        store.IsAhead = true;
        store.Gate = isHeld ? null : new(TaskCreationOptions.RunContinuationsAsynchronously);
        var outlet = hub.Open(principal);
        outlet.IsBlocked = isHeld;
        Assert.Null((await HubHarness.SubscribeAsync(outlet, """{"id":"a","all":true,"after":0}""")).Error);
        if (isHeld)
        {
            // The first send is of the answer, the second as much of the page as goes into one.
            await outlet.UntilAsync(o => o.Actions("subscribed").Length == 1);
            outlet.Connection.OnWritable();
            await outlet.UntilAsync(o => o.Replayed("a").Length > 0);
            Assert.InRange(outlet.Replayed("a").Length, 1, History - 1);
        }
        else
        {
            await store.Begun.WaitAsync(TimeSpan.FromSeconds(20));
        }

        await hub.GrantAsync(principal, HubHarness.Reads(mine, other));
        await hub.PublishAsync(committed);
        await hub.SettleAsync();
        store.Gate?.SetResult();
        if (isHeld) outlet.Unblock();
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Equal([.. HubHarness.Seqs(1, History), .. HubHarness.Seqs(end.Seq + 1, end.Seq + Later)], outlet.Replayed("a"));
    }

    [Fact]
    public async Task Grant_OnManyStreamsThatCatchUp_TheyStillShareTheirPages()
    {
        const int Streams = 50, Pages = 4;
        WatchedStore store = null!;
        hub = await HubHarness.StartAsync(Pages * Limits.Deliver.CatchUpEvents, wrap: inner => store = new WatchedStore(inner));
        await using var _ = hub;
        mine = await hub.ChatIdAsync(SampleUpdates.GroupId);
        var principal = HubHarness.Reader(mine);
        store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<TestOutlet> outlets = [];
        for (var i = 0; i < Streams; i++) outlets.Add(await hub.SubscribedAsync("""{"id":"a","all":true,"after":0}""", principal));
        await store.Begun.WaitAsync(TimeSpan.FromSeconds(20));
        await hub.GrantAsync(principal, HubHarness.Reads(mine, 77));
        store.Gate.SetResult();
        foreach (var outlet in outlets) await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.All(outlets, outlet => Assert.Equal(HubHarness.Seqs(1, Pages * Limits.Deliver.CatchUpEvents), outlet.Replayed("a")));
        // One that was on its way at the grant, and each page once more.
        Assert.InRange(store.Queries.Count, Pages, Pages + 1);
    }

    [Fact]
    public async Task Revoke_OfANamedChat_TheSubscriptionIsSilentAndComesAliveWithTheNextGrant()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine, other);
        var outlet = await LiveAsync($$"""{"id":"a","chat_id":{{other}}}""", principal);
        await hub.GrantAsync(principal, HubHarness.Reads(mine));
        await hub.PublishAsync(1, OtherGroup);
        await hub.GrantAsync(principal, HubHarness.Reads(mine, other));
        var last = await hub.PublishAsync(1, OtherGroup);
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal([last], outlet.Bare);
        Assert.Equal([$"chat {other} False", $"chat {other} True"], Told(outlet));
    }

    [Fact]
    public async Task Revoke_TenThousandEventsForAPeerThatTakesNothing_IsCutAndNoneLeavesAnyMore()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine, other);
        var outlet = await LiveAsync("""{"id":"a","all":true}""", principal);
        outlet.IsBlocked = true;
        await hub.PublishAsync(1, OtherGroup);
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        await hub.PublishAsync(10_000, OtherGroup);
        await hub.SettleAsync();
        var before = outlet.Sends.Count;
        await hub.GrantAsync(principal, HubHarness.Reads(mine));

        Assert.True(outlet.IsAborted);
        Assert.Equal(before, outlet.Sends.Count);
    }

    [Fact]
    public async Task Revoke_TenThousandEventsForAPeerThatReadsAgainAtOnce_NoneLeavesAnyMore()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine, other);
        var outlet = await LiveAsync("""{"id":"a","all":true}""", principal);
        outlet.IsBlocked = true;
        await hub.PublishAsync(1, OtherGroup);
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        await hub.PublishAsync(10_000, OtherGroup);
        await hub.SettleAsync();
        var before = outlet.Bare.Length;
        // Nobody has told the shard yet.
        principal.Grants = HubHarness.Reads(mine);
        outlet.Unblock();
        var last = await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Contains(last));

        Assert.Equal(before + 1, outlet.Bare.Length);
    }

    /// <summary>A process that stood still between the look at the permissions and the send.</summary>
    [Fact]
    public async Task Permissions_NoLongerCurrentWhenTheSendIsPutTogether_ItIsNotSent()
    {
        await StartAsync();
        await using var _ = hub;
        var outlet = await LiveAsync("""{"id":"a","all":true}""", HubHarness.Reader(mine));
        var looks = 0;
        hub.AsksWhetherCurrent = () => Interlocked.Increment(ref looks) == 1;
        await hub.PublishAsync();

        Assert.Equal(CloseCode.CannotCheckNow, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(outlet.IsAborted);
        Assert.Empty(outlet.Bare);
    }

    [Fact]
    public async Task Chat_SeenForTheFirstTime_ComesToAdminsAndBotWideGrantsOnly()
    {
        await StartAsync();
        await using var _ = hub;
        var admin = await LiveAsync("""{"id":"a","all":true}""", hub.Admin);
        var ofBot = await LiveAsync("""{"id":"a","all":true}""", HubHarness.Someone(new Grants(false, FrozenSet<long>.Empty, new long[] { 1 }.ToFrozenSet())));
        var ofChat = await LiveAsync("""{"id":"a","all":true}""", HubHarness.Reader(mine, other));
        var made = await hub.PublishAsync(1, chat: -4711);
        var last = await hub.PublishAsync();
        foreach (var outlet in (TestOutlet[])[admin, ofBot, ofChat]) await outlet.UntilAsync(o => o.Bare.Contains(last));

        Assert.Equal([made, last], admin.Bare);
        Assert.Equal([made, last], ofBot.Bare);
        Assert.Equal([last], ofChat.Bare);
    }

    [Fact]
    public async Task Grants_LoadedAgainWithoutADifference_TellNothing()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine, other);
        var outlet = await LiveAsync("""{"id":"a","all":true}""", principal);
        await hub.GrantAsync(principal, HubHarness.Reads(mine, other));
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Empty(Told(outlet));
    }

    /// <summary>The access frames in words.</summary>
    internal static string[] Told(TestOutlet outlet) => [.. outlet.Actions("access").Select(frame =>
        frame.TryGetProperty("all", out _) ? "all"
        : frame.TryGetProperty("bot_id", out var bot) ? $"bot {bot} {frame.GetProperty("can_read")}"
        : frame.TryGetProperty("thread_id", out var thread) ? $"thread {frame.GetProperty("chat_id")}/{thread} {frame.GetProperty("can_read")}"
        : $"chat {frame.GetProperty("chat_id")} {frame.GetProperty("can_read")}")];
}
