using Gateway.Deliver;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class HubDeliveryTests
{
    private static long[] Range(long first, long last) => [.. Enumerable.Range((int)first, (int)(last - first + 1)).Select(seq => (long)seq)];

    [Fact]
    public async Task Subscribe_Latest_IsCaughtUpAtOnceAndThenGetsBareEvents()
    {
        await using var hub = await HubHarness.StartAsync(history: 3);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await hub.PublishAsync(2);
        await outlet.UntilAsync(o => o.Bare.Length == 2);

        Assert.Equal([4, 5], outlet.Bare);
        Assert.Empty(outlet.Replayed("a"));
        Assert.Equal("subscribed", outlet.Frames[0].GetProperty("action").GetString());
        Assert.Equal(hub.Hub.Position!.Value.LogId, outlet.Frames[0].GetProperty("log_id").GetString());
        Assert.Equal(3, TestOutlet.Seq(outlet.Frames[0]));
        Assert.Equal(3, TestOutlet.Seq(outlet.Actions("caught_up").Single()));
    }

    [Fact]
    public async Task Subscribe_After_ReplaysFromTheDatabaseThenTheRingThenLive()
    {
        await using var hub = await HubHarness.StartAsync(history: 700);
        await hub.PublishAsync(300);
        await hub.SettleAsync();
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true,"after":10}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        await hub.PublishAsync(2);
        await outlet.UntilAsync(o => o.Bare.Length == 2);

        Assert.Equal(Range(11, 1000), outlet.Replayed("a"));
        Assert.Equal(1000, TestOutlet.Seq(outlet.Actions("caught_up").Single()));
        Assert.Equal([1001, 1002], outlet.Bare);
    }

    [Fact]
    public async Task TwoSubscriptions_OneReplaying_BareEventsStayInOrderAndTheUnionIsComplete()
    {
        await using var hub = await HubHarness.StartAsync(history: 1500);
        var outlet = await hub.SubscribedAsync("""{"id":"live","all":true}""");
        Assert.Null((await HubHarness.SubscribeAsync(outlet, """{"id":"back","all":true,"after":0}""")).Error);
        for (var i = 0; i < 40; i++)
        {
            await hub.PublishAsync(5);
        }

        await outlet.UntilAsync(o => o.Bare.Length == 200 && o.Actions("caught_up").Length == 2);

        var caughtUp = TestOutlet.Seq(outlet.Actions("caught_up").Single(f => f.GetProperty("id").GetString() == "back"));
        Assert.Equal(Range(1501, 1700), outlet.Bare);
        Assert.Equal(Range(1, caughtUp), outlet.Replayed("back"));
    }

    [Fact]
    public async Task TwoLiveSubscriptions_BothMatch_EventComesOnceAndWithTheUpdate()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await HubHarness.SubscribeAsync(outlet, """{"id":"b","chat_id":1,"include":["update"]}""");
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length > 0);
        await hub.SettleAsync();

        Assert.Equal([2], outlet.Bare);
        Assert.True(outlet.Frames[^1].TryGetProperty("update", out _));
    }

    [Fact]
    public async Task Queue_Overflows_ConnectionLagsAndGetsAllInOrderOnce()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        outlet.IsBlocked = true;
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        // More than the queue and more than the ring, so that both the database and the ring are read on the way back.
        for (var sent = 0; sent < Limits.Deliver.RecentEvents + 2000; sent += 500)
        {
            await hub.PublishAsync(500);
        }

        await hub.SettleAsync();
        Assert.Single(outlet.Bare);
        outlet.Unblock();
        var last = hub.Hub.Position!.Value.Seq;
        await outlet.UntilAsync(o => o.Bare.Length == last);
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == last + 1);

        Assert.Equal(Range(1, last + 1), outlet.Bare);
        Assert.Empty(outlet.Replayed("a"));
    }

    [Fact]
    public async Task Send_ManyEvents_OneSendUpToItsBound()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        outlet.IsBlocked = true;
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        await hub.PublishAsync(400);
        await hub.SettleAsync();
        var before = outlet.Sends.Count;
        outlet.Unblock();
        await outlet.UntilAsync(o => o.Bare.Length == 401);

        Assert.All(outlet.Sends, bytes => Assert.InRange(bytes, 1, Limits.Deliver.SendBytes));
        Assert.InRange(outlet.Sends.Count - before, 2, 8);
    }

    [Fact]
    public async Task Unsubscribe_OneOfTwo_TheOtherGoesOn()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var outlet = await hub.SubscribedAsync("""{"id":"a","chat_id":1}""");
        var other = await hub.SubscribedAsync("""{"id":"b","all":true}""");
        var end = await outlet.Connection.UnsubscribeAsync(new ChatReference(1, 0, 0));
        await hub.PublishAsync();
        await other.UntilAsync(o => o.Bare.Length == 1);
        await hub.SettleAsync();

        Assert.Equal(1, end.Position.Seq);
        Assert.Empty(outlet.Bare);
        Assert.Single(outlet.Actions("unsubscribed"));
        Assert.Equal("SUBSCRIPTION_NOT_FOUND", (await outlet.Connection.UnsubscribeAsync("a")).Error!.Code);
    }

    [Fact]
    public async Task Positions_QuietFilter_AreToldWhenTheyMoved()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var outlet = await hub.SubscribedAsync("""{"id":"quiet","all":true,"types":["poll"]}""");
        await hub.PublishAsync(5);
        await hub.SettleAsync();
        hub.Time.Advance(Limits.Deliver.PositionInterval + Limits.Deliver.Tick);
        await AdvanceTicksAsync(hub, Limits.Deliver.PositionInterval * 2);
        await outlet.UntilAsync(o => o.Actions("position").Length > 0);
        await AdvanceTicksAsync(hub, Limits.Deliver.PositionInterval * 2);

        // Told once: it has not moved again.
        Assert.Equal(6, TestOutlet.Seq(outlet.Actions("position").Single()));
        Assert.Empty(outlet.Bare);
    }

    private static async Task AdvanceTicksAsync(HubHarness hub, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Limits.Deliver.Tick)
        {
            hub.Time.Advance(Limits.Deliver.Tick);
            await hub.SettleAsync();
        }
    }
}
