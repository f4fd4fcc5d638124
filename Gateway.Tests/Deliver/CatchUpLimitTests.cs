using Gateway.Deliver;
using Gateway.Log;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>What a catch-up may hold and how many read at a time. The history is older than the hub, so only the database has it.</summary>
public sealed class CatchUpLimitTests
{
    private const string FromTheStart = """{"id":"a","all":true,"after":0}""";

    // A page for chosen chats is nobody else's.
    private const string OnItsOwn = """{"id":"a","chat_id":1,"after":0}""";

    private WatchedStore store = null!;

    private Task<HubHarness> StartAsync(int history) => HubHarness.StartAsync(history, wrap: inner => store = new WatchedStore(inner));

    [Fact]
    public async Task CatchUpEvents_LongHistory_ComesInPagesOfThem()
    {
        await using var hub = await StartAsync((2 * Limits.Deliver.CatchUpEvents) + 1);
        var outlet = await hub.SubscribedAsync(FromTheStart);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Equal([Limits.Deliver.CatchUpEvents, Limits.Deliver.CatchUpEvents, 1], store.Pages.Select(page => page.Events.Count));
        Assert.Equal((2 * Limits.Deliver.CatchUpEvents) + 1, outlet.Replayed("a").Length);
    }

    [Fact]
    public async Task CatchUpBytes_LargeEvents_EndThePage()
    {
        await using var hub = await StartAsync(1);
        await hub.CommitAsync(7, text: new string('x', Limits.Deliver.CatchUpBytes / 2));
        var end = (await hub.CommitAsync()).Head;
        await hub.Hub.OfferAsync(new LogPosition(end.LogId, end.Seq), [], default);
        var outlet = await hub.SubscribedAsync(FromTheStart);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Equal(Enumerable.Range(1, 9).Select(seq => (long)seq), outlet.Replayed("a"));
        Assert.All(store.Pages, page => Assert.InRange(page.Events.SkipLast(1).Sum(e => e.Payload.Length), 0, Limits.Deliver.CatchUpBytes - 1));
        Assert.InRange(store.Pages.Count, 3, 5);
    }

    [Fact]
    public async Task CatchUpReaders_AllBusy_MoreWaitInLine()
    {
        await using var hub = await StartAsync(3);
        store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var outlets = new List<TestOutlet>();
        for (var i = 0; i < Limits.Deliver.CatchUpReaders * 3; i++) outlets.Add(await hub.SubscribedAsync(OnItsOwn));
        for (var i = 0; i < Limits.Deliver.CatchUpReaders; i++) Assert.True(await store.Begun.WaitAsync(TimeSpan.FromSeconds(20)));
        await hub.SettleAsync();
        Assert.Equal(0, store.Begun.CurrentCount);

        store.Gate.SetResult();
        foreach (var outlet in outlets) await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        Assert.Equal(Limits.Deliver.CatchUpReaders, store.MostAtOnce);
    }

    [Fact]
    public async Task CatchUpPages_AllHeldByPeersThatTakeNothing_AreLetGoAndReadAgain()
    {
        await using var hub = await StartAsync(5);
        var stalled = await StalledAsync(hub, Limits.Deliver.CatchUpPages);
        var next = await hub.SubscribedAsync(OnItsOwn);
        await hub.SettleAsync();
        // Only a reader that waits is a reason to let a page go, and the clock must not run out before it does.
        await UntilAsync(() => hub.Hub.IsStarved, "no reader waits");
        Assert.Empty(next.Replayed("a"));

        await CaughtUpAsync(hub, next);
        foreach (var outlet in stalled) outlet.Unblock();
        foreach (var outlet in stalled) await CaughtUpAsync(hub, outlet);
        Assert.All(stalled, outlet => Assert.Equal([1, 2, 3, 4, 5], outlet.Replayed("a")));
        Assert.InRange(store.Pages.Count, Limits.Deliver.CatchUpPages + 2, int.MaxValue);
    }

    /// <summary>Regression: the readers slept 200 ms before they looked again, whatever was given back meanwhile.</summary>
    [Fact]
    public async Task CatchUpPages_OneIsReleased_AReadThatWaitsGoesOnAtOnce()
    {
        await using var hub = await StartAsync(5);
        var stalled = await StalledAsync(hub, Limits.Deliver.CatchUpPages);
        var waiting = new List<TestOutlet>();
        for (var i = 0; i < Limits.Deliver.CatchUpReaders * 2; i++) waiting.Add(await hub.SubscribedAsync(OnItsOwn));
        await hub.SettleAsync();
        Assert.Equal(Limits.Deliver.CatchUpPages, store.Queries.Count);

        // No time passes here.
        stalled[0].Unblock();
        foreach (var outlet in waiting) await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        Assert.All(waiting, outlet => Assert.Equal([1, 2, 3, 4, 5], outlet.Replayed("a")));
    }

    [Fact]
    public async Task CatchUpPages_HeldByManyTogether_CountOnce()
    {
        await using var hub = await StartAsync(Limits.Deliver.CatchUpEvents + 10);
        var stalled = await StalledAsync(hub, Limits.Deliver.CatchUpPages + 10, FromTheStart);
        var next = await hub.SubscribedAsync($$"""{"id":"a","all":true,"after":{{Limits.Deliver.CatchUpEvents + 5}}}""");
        await next.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.All(stalled, outlet => Assert.Same(Page(stalled[0]), Page(outlet)));
        Assert.Equal(2, store.Queries.Count);
    }

    [Fact]
    public async Task CatchUpPages_OnlyOnePlaceLeft_KeptPagesMakeRoom()
    {
        await using var hub = await StartAsync((2 * Limits.Deliver.CatchUpEvents) + 1);
        await StalledAsync(hub, Limits.Deliver.CatchUpPages - 1);
        var outlet = await hub.SubscribedAsync(FromTheStart);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);

        Assert.Equal((2 * Limits.Deliver.CatchUpEvents) + 1, outlet.Replayed("a").Length);
    }

    /// <summary>Peers that take nothing once they are subscribed: each stands before its first page.</summary>
    private static async Task<List<TestOutlet>> StalledAsync(HubHarness hub, int count, string request = OnItsOwn)
    {
        var stalled = new List<TestOutlet>();
        for (var i = 0; i < count; i++)
        {
            var outlet = hub.Open();
            outlet.IsBlocked = true;
            await HubHarness.SubscribeAsync(outlet, request);
            stalled.Add(outlet);
        }

        await HeldAsync(stalled);
        return stalled;
    }

    // The clock: a shard looks for held pages once a second, and who was refused a page asks again at a tick. It must not run ahead of
    // the database: after a minute of it the stalled connections are closed as slow consumers.
    private static async Task CaughtUpAsync(HubHarness hub, TestOutlet outlet)
    {
        var deadline = Environment.TickCount64 + 20_000;
        var rest = Limits.Deliver.Lagging / 4;
        while (outlet.Actions("caught_up").Length == 0)
        {
            Assert.True(Environment.TickCount64 < deadline, "its page was never read");
            Assert.Null(outlet.Closed);
            if (rest > TimeSpan.Zero) hub.Time.Advance(Limits.Deliver.Tick);
            rest -= Limits.Deliver.Tick;
            await hub.SettleAsync();
        }
    }

    private static CatchUpPage? Page(TestOutlet outlet) => outlet.Connection.FirstSubscription?.CatchUp?.Page;

    private static Task HeldAsync(List<TestOutlet> outlets) =>
        UntilAsync(() => outlets.TrueForAll(outlet => Page(outlet) is not null), "not every page was read");

    private static async Task UntilAsync(Func<bool> condition, string otherwise)
    {
        var deadline = Environment.TickCount64 + 20_000;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline, otherwise);
            await Task.Yield();
        }
    }
}
