using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Tests.Log;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Pages that serve many catch-ups: read once, and never another answer than a read of one's own would give.</summary>
public sealed class CatchUpSharingTests
{
    private const int History = (2 * Limits.Deliver.CatchUpEvents) + 8;

    private WatchedStore store = null!;

    private Task<HubHarness> StartAsync(int history = History) => HubHarness.StartAsync(history, wrap: inner => store = new WatchedStore(inner));

    [Fact]
    public async Task Positions_NearEachOther_ReadEachPageOnce()
    {
        await using var hub = await StartAsync();
        var outlets = new List<TestOutlet>();
        for (var i = 0; i < 200; i++) outlets.Add(await hub.SubscribedAsync(All(after: 100 + i)));
        foreach (var outlet in outlets) await CaughtUpAsync(outlet);

        // (0, 256], (256, 512], (512, 520].
        Assert.Equal([0, Limits.Deliver.CatchUpEvents, 2 * Limits.Deliver.CatchUpEvents], store.Queries.Select(query => query.AfterSeq));
        for (var i = 0; i < outlets.Count; i++) Assert.Equal(Seqs(101 + i, History), outlets[i].Replayed("a"));
    }

    [Fact]
    public async Task ConnectionsOfOneKey_ThatMayNotReadAll_ShareTheirPagesToo()
    {
        await using var hub = await StartAsync(300);
        var principal = HubHarness.Reader(await hub.ChatIdAsync(SampleUpdates.GroupId));
        var outlets = new List<TestOutlet>();
        for (var i = 0; i < 20; i++) outlets.Add(await hub.SubscribedAsync(All(after: i), principal));
        foreach (var outlet in outlets) await CaughtUpAsync(outlet);

        Assert.Equal(2, store.Queries.Count);
        Assert.All(store.Queries, query => Assert.Same(principal.Grants.ReadChats, query.ChatIds));
        Assert.Equal(Seqs(20, 300), outlets[19].Replayed("a"));
    }

    [Fact]
    public async Task ChosenChats_TakeAPageThatIsThere_AndReadNoMoreThanTheyWantOtherwise()
    {
        await using var hub = await StartAsync(10);
        var chat = await hub.SubscribedAsync("""{"id":"a","chat_id":1,"after":3}""");
        await CaughtUpAsync(chat);
        await CaughtUpAsync(await hub.SubscribedAsync(All(after: 7)));
        var late = await hub.SubscribedAsync("""{"id":"a","chat_id":1,"after":5}""");
        await CaughtUpAsync(late);

        Assert.Equal([(3L, true), (0L, false)], store.Queries.Select(query => (query.AfterSeq, query.ChatIds is not null)));
        Assert.Equal(Seqs(4, 10), chat.Replayed("a"));
        Assert.Equal(Seqs(6, 10), late.Replayed("a"));
    }

    [Fact]
    public async Task LargeEvents_ThePageOfTheGridEndsBeforeThePosition_ItIsReadFromThere()
    {
        await using var hub = await StartAsync(1);
        await hub.CommitAsync(7, text: new string('x', Limits.Deliver.CatchUpBytes / 2));
        var end = (await hub.CommitAsync()).Head;
        await hub.Hub.OfferAsync(new LogPosition(end.LogId, end.Seq), [], default);
        await hub.SettleAsync();
        var first = await hub.SubscribedAsync(All(after: 6));
        await CaughtUpAsync(first);
        var second = await hub.SubscribedAsync(All(after: 5));
        await CaughtUpAsync(second);

        // (3, 5]: what the first page left of its cell, where others may have stopped too.
        Assert.Equal([0, 6, 8, 3, 5], store.Queries.Select(query => query.AfterSeq));
        Assert.Equal(Seqs(7, 9), first.Replayed("a"));
        Assert.Equal(Seqs(6, 9), second.Replayed("a"));
    }

    /// <summary>Regression: whom the first page did not reach read on each from its own position: 132 reads.</summary>
    [Fact]
    public async Task Texts_ThatEndThePageBeforeItsCell_AreStillReadOnceForAll()
    {
        await using var hub = await StartAsync(1);
        for (var i = 0; i < 4; i++) await hub.CommitAsync(Limits.Log.BatchUpdates / 2, text: new string('x', 2000));
        var end = (await hub.Store.ReadHeadAsync(default))!.Value;
        await hub.Hub.OfferAsync(new LogPosition(end.LogId, end.Seq), [], default);
        await hub.SettleAsync();
        store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var outlets = new List<TestOutlet>();
        for (var i = 0; i < 200; i++) outlets.Add(await hub.SubscribedAsync(All(after: 50 + i)));
        await hub.SettleAsync();
        store.Gate.SetResult();
        foreach (var outlet in outlets) await CaughtUpAsync(outlet);

        var bytes = store.Pages.Max(page => page.Events.Sum(logEvent => logEvent.Payload.Length));
        Assert.True(bytes >= Limits.Deliver.CatchUpBytes, "the pages end at their number of events");
        // As many pages as the log has, and a page more where those start whom the first did not reach.
        var least = (int)((end.Seq + store.Pages[0].ThroughSeq - 1) / store.Pages[0].ThroughSeq);
        Assert.InRange(store.Queries.Count, least, least + 1);
        for (var i = 0; i < outlets.Count; i++) Assert.Equal(Seqs(51 + i, end.Seq), outlets[i].Replayed("a"));
    }

    /// <summary>Regression: a page of one key that starts on the grid sent every client of another key to its own position.</summary>
    [Fact]
    public async Task PageOfOneKey_IsThere_TheClientsOfAnotherKeyStillShareTheirs()
    {
        await using var hub = await StartAsync(300);
        var chat = await hub.ChatIdAsync(SampleUpdates.GroupId);
        await CaughtUpAsync(await hub.SubscribedAsync(All(after: 0), HubHarness.Reader(chat)));
        Assert.Equal(2, store.Queries.Count);
        var other = HubHarness.Reader(chat);
        var outlets = new List<TestOutlet>();
        for (var i = 0; i < 100; i++) outlets.Add(await hub.SubscribedAsync(All(after: 1 + i), other));
        foreach (var outlet in outlets) await CaughtUpAsync(outlet);

        Assert.Equal([0, 256, 0, 256], store.Queries.Select(query => query.AfterSeq));
        Assert.Equal(Seqs(101, 300), outlets[99].Replayed("a"));
    }

    [Fact]
    public async Task CatchUpPageAge_Over_ThePageIsReadAgain()
    {
        await using var hub = await StartAsync(10);
        await CaughtUpAsync(await hub.SubscribedAsync(All(after: 0)));
        hub.Time.Advance(Limits.Deliver.CatchUpPageAge);
        await hub.SettleAsync();
        await CaughtUpAsync(await hub.SubscribedAsync(All(after: 1)));
        Assert.Single(store.Queries);

        hub.Time.Advance(Limits.Deliver.Tick);
        await hub.SettleAsync();
        await CaughtUpAsync(await hub.SubscribedAsync(All(after: 2)));
        Assert.Equal(2, store.Queries.Count);
    }

    [Fact]
    public async Task Retention_TookPartOfASharedPage_IsAGapForThoseBelowItOnly()
    {
        await using var hub = await StartAsync(20);
        await hub.Store.DeleteExpiredAsync(1, long.MaxValue, 10, default);
        var gone = await hub.SubscribedAsync(All(after: 0));
        await CaughtUpAsync(gone);
        var partly = await hub.SubscribedAsync(All(after: 5));
        var edge = await hub.SubscribedAsync(All(after: 10));
        var chat = await hub.SubscribedAsync("""{"id":"a","chat_id":1,"after":9}""");
        foreach (var outlet in new[] { partly, edge, chat }) await CaughtUpAsync(outlet);

        Assert.Equal((0, 11), Gap(gone));
        Assert.Equal((5, 11), Gap(partly));
        Assert.Empty(edge.Actions("gap"));
        Assert.Equal((9, 11), Gap(chat));
        Assert.Equal(Seqs(11, 20), edge.Replayed("a"));
        // Whether the gap concerns the chat's bot, only the database knows.
        Assert.Equal([false, true], store.Queries.Select(query => query.ChatIds is not null));
    }

    [Theory]
    [InlineData("""{"id":"a","all":true,"after":0}""")]
    [InlineData("""{"id":"a","chat_id":1,"after":0}""")]
    public async Task Retention_MovesBeyondASharedPage_WhatThePageHasIsDeliveredAndTheRestIsAGap(string request)
    {
        await using var hub = await StartAsync();
        var first = await HoldFirstPageAsync(hub);
        for (var left = 300; left > 0;) left -= (await hub.Store.DeleteExpiredAsync(1, long.MaxValue, left, default))!.Value;
        var second = await hub.SubscribedAsync(request);
        await CaughtUpAsync(second);
        first.Unblock();
        await CaughtUpAsync(first);

        Assert.Equal(0, store.Queries[0].AfterSeq);
        foreach (var outlet in new[] { first, second })
        {
            Assert.Equal((Limits.Deliver.CatchUpEvents, 301), Gap(outlet));
            Assert.Equal([.. Seqs(1, Limits.Deliver.CatchUpEvents), .. Seqs(301, History)], outlet.Replayed("a"));
        }
    }

    [Fact]
    public async Task Log_GetsANewIdentity_PagesOfTheOldOneServeNobody()
    {
        await using var hub = await StartAsync();
        var first = await HoldFirstPageAsync(hub);
        // A backup was restored that has four events.
        await hub.ExecuteAsync("DELETE FROM messages WHERE id > 4");
        await hub.ExecuteAsync("DELETE FROM events WHERE seq > 4");
        var reset = (await hub.Store.ResetAsync(new LogPosition(hub.Hub.Position!.Value.LogId, 1000)))!;
        await hub.Hub.OfferAsync(new LogPosition(reset.LogId, reset.Seq), [reset], default);
        await hub.SettleAsync();
        var second = await hub.SubscribedAsync(All(after: 0));
        await CaughtUpAsync(second);
        first.Unblock();
        await CaughtUpAsync(first);

        Assert.Equal([1, 2, 3, 4, reset.Seq], second.Replayed("a"));
        Assert.Equal(reset.Seq, first.Replayed("a")[^1]);
        Assert.DoesNotContain((long)Limits.Deliver.CatchUpEvents, first.Replayed("a"));
        Assert.Equal("log_reset", first.Actions("gap").Single().GetProperty("reason").GetString());
    }

    /// <summary>What is above a shard's own live end comes live; out of a page that another shard asked for it would come twice.</summary>
    [Fact]
    public async Task Page_OfAShardThatIsAhead_IsTakenUpToTheOwnLiveEndOnly()
    {
        await using var hub = await StartAsync(20);
        using var stop = new CancellationTokenSource();
        var reader = new CatchUpReader(store, new ChatDirectory(hub.Database), hub.Time, NullLogger.Instance);
        var ahead = new HubShard(new RecentEvents(), reader, () => true, hub.Time, new Random(1), NullLogger.Instance);
        var behind = new HubShard(new RecentEvents(), reader, () => true, hub.Time, new Random(1), NullLogger.Instance);
        Task[] loops = [reader.RunAsync(stop.Token), ahead.RunAsync(stop.Token), behind.RunAsync(stop.Token)];
        var log = (await store.ReadPageAsync(new LogQuery(0), default))!;
        await ahead.OfferAsync(new EventBatch(new LogPosition(log.Head.LogId, 20), []), default);
        await behind.OfferAsync(new EventBatch(new LogPosition(log.Head.LogId, 12), []), default);
        var first = await SubscribedAsync(hub, ahead);
        var second = await SubscribedAsync(hub, behind);
        await behind.OfferAsync(new EventBatch(new LogPosition(log.Head.LogId, 20), [.. log.Events.Skip(12).Select(e => new EncodedEvent(e))]), default);
        await second.UntilAsync(o => o.Bare.Length == 8);
        await stop.CancelAsync();
        await Task.WhenAll(loops);

        // The test's own read is the first.
        Assert.Equal(2, store.Queries.Count);
        Assert.Equal(Seqs(1, 20), first.Replayed("default"));
        Assert.Equal(Seqs(1, 12), second.Replayed("default"));
        Assert.Equal(Seqs(13, 20), second.Bare);
    }

    private static async Task<TestOutlet> SubscribedAsync(HubHarness hub, HubShard shard)
    {
        var outlet = new TestOutlet();
        outlet.Connection = new Connection(hub.Hub, shard, hub.Admin, WebSocketFraming.Instance, outlet);
        shard.Post(new ShardCommand(ShardCommandKind.Open, outlet.Connection, null));
        var start = new SubscriptionStart(0, null, false);
        SubscribeOutcome outcome;
        do
        {
            // Until the shard has taken its first batch it cannot say where the log stands.
            outcome = await outlet.Connection.StartAsync(new ResolvedSubscription(new SubscriptionRequest { All = true }, Selector.All, start, null));
        }
        while (outcome.Error is not null);
        await CaughtUpAsync(outlet);
        return outlet;
    }

    /// <summary>A peer that stands inside the first page, which is kept for others.</summary>
    private static async Task<TestOutlet> HoldFirstPageAsync(HubHarness hub)
    {
        var outlet = hub.Open();
        outlet.IsBlocked = true;
        await HubHarness.SubscribeAsync(outlet, """{"id":"a","all":true,"after":0,"include":["update"]}""");
        await outlet.UntilAsync(o => o.Actions("subscribed").Length == 1);
        await hub.SettleAsync();
        // One send more, which is full before the page ends.
        outlet.Connection.OnWritable();
        await outlet.UntilAsync(o => o.Replayed("a").Length > 0);
        await hub.SettleAsync();
        Assert.InRange(outlet.Replayed("a").Length, 1, Limits.Deliver.CatchUpEvents - 1);
        return outlet;
    }

    private static string All(long after) => $$"""{"id":"a","all":true,"after":{{after}}}""";

    private static Task CaughtUpAsync(TestOutlet outlet) => outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

    private static IEnumerable<long> Seqs(long first, long last) => Enumerable.Range(0, (int)(last - first + 1)).Select(i => first + i);

    private static (long Requested, long Earliest) Gap(TestOutlet outlet)
    {
        var gap = outlet.Actions("gap").Single();
        return (gap.GetProperty("requested").GetInt64(), gap.GetProperty("earliest").GetInt64());
    }
}
