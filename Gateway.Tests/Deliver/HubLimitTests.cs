using Gateway.Deliver;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class HubLimitTests
{
    [Fact]
    public async Task Lagging_LongerThanTheLimit_IsClosedWith4100BehindWhatIsOnItsWay()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        await hub.PublishAsync(500);
        await hub.PublishAsync(600);
        await hub.SettleAsync();
        hub.Time.Advance(Limits.Deliver.Lagging - TimeSpan.FromSeconds(1));
        await hub.SettleAsync();
        Assert.Null(outlet.Closed);

        hub.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(CloseCode.SlowConsumer, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(CloseCode.SlowConsumer, outlet.Closed);
        Assert.False(outlet.IsAborted);
    }

    [Fact]
    public async Task Peer_TakesNothing_WithoutOverflow_IsCutToo()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        await AdvanceSecondsAsync(hub, 70);

        Assert.Equal(CloseCode.SlowConsumer, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    /// <summary>What it does not take may be held back by its outlet: the peer is not to blame before delivery goes on.</summary>
    [Fact]
    public async Task Peer_TakesNothingWhileDeliveryIsHeld_ItsTimeStartsWhenItIsLetGo()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        hub.IsCurrent = false;
        await AdvanceSecondsAsync(hub, 70);
        Assert.Null(outlet.Closed);

        hub.IsCurrent = true;
        await AdvanceSecondsAsync(hub, 50);
        Assert.Null(outlet.Closed);
        await AdvanceSecondsAsync(hub, 20);

        Assert.Equal(CloseCode.SlowConsumer, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Subscriptions_OneTooMany_IsRefusedAndTheRestGoOn()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = hub.Open();
        for (var i = 0; i < Limits.Deliver.SubscriptionsPerConnection; i++)
        {
            Assert.Null((await HubHarness.SubscribeAsync(outlet, $$"""{"id":"s{{i}}","all":true}""")).Error);
        }

        var refused = await HubHarness.SubscribeAsync(outlet, """{"id":"more","all":true}""");
        var twice = await HubHarness.SubscribeAsync(outlet, """{"id":"s1","all":true}""");
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);

        Assert.Equal("TOO_MANY_SUBSCRIPTIONS", refused.Error!.Code);
        Assert.Equal("DUPLICATE_ID", twice.Error!.Code);
    }

    [Fact]
    public async Task Controls_PeerTakesNothing_SessionWaits()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        var control = Gateway.Deliver.WebSocket.WebSocketFraming.Instance.Error(new RequestError("X", new string('x', 8000)));
        var written = 0;
        ValueTask last;
        do
        {
            last = outlet.Connection.WriteControlAsync(control);
            written++;
        }
        while (last.IsCompleted);
        Assert.InRange(written * control.Length, Limits.Deliver.QueueControlBytes, Limits.Deliver.QueueControlBytes + control.Length);

        outlet.Unblock();
        await last.AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        await outlet.UntilAsync(o => o.Actions("error").Length == written);
    }

    [Fact]
    public async Task Close_WhileControlsWait_SendsThemThenTheCode()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        await hub.PublishAsync(3);
        await outlet.Connection.WriteControlAsync(Gateway.Deliver.WebSocket.WebSocketFraming.Instance.Error(new RequestError("ABUSE", "…")));
        var closed = outlet.Connection.CloseAsync(CloseCode.ProtocolAbuse);
        await hub.SettleAsync();
        Assert.Null(outlet.Closed);

        outlet.Unblock();

        Assert.Equal(CloseCode.ProtocolAbuse, await closed.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal("ABUSE", outlet.Actions("error").Single().GetProperty("code").GetString());
        Assert.Single(outlet.Bare);
    }

    [Fact]
    public async Task Close_PeerTookNothingForLong_StillHasTheWholeCloseWait()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        hub.Time.Advance(Limits.Deliver.Lagging / 2);
        await hub.SettleAsync();
        var closed = outlet.Connection.CloseAsync(CloseCode.Draining);
        await AdvanceSecondsAsync(hub, (int)Limits.Deliver.CloseWait.TotalSeconds - 1);
        Assert.Null(outlet.Closed);

        await AdvanceSecondsAsync(hub, 3);

        Assert.Equal(CloseCode.Draining, await closed.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(CloseCode.Draining, outlet.Closed);
    }

    [Fact]
    public async Task Subscriptions_AskedForByAPeerThatReadsNothing_MakeTheSessionWait()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await hub.BlockedAsync();
        var rounds = 0;
        Task room;
        while ((room = outlet.Connection.WaitForRoomAsync().AsTask()).IsCompleted)
        {
            Assert.InRange(rounds++, 0, Limits.Deliver.QueueControlBytes / 100);
            await HubHarness.SubscribeAsync(outlet, """{"id":"churn","all":true}""");
            await outlet.Connection.UnsubscribeAsync("churn");
        }

        outlet.Unblock();
        await room.WaitAsync(TimeSpan.FromSeconds(20));
        await outlet.UntilAsync(o => o.Actions("unsubscribed").Length == rounds);
    }

    private static async Task AdvanceSecondsAsync(HubHarness hub, int seconds)
    {
        for (var ticks = seconds * 4; ticks > 0; ticks--)
        {
            hub.Time.Advance(Limits.Deliver.Tick);
            await hub.SettleAsync();
        }
    }

    [Fact]
    public async Task Stop_ClosesEveryStreamWith4101WithinTheJitter()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlets = new List<TestOutlet>();
        for (var i = 0; i < 20; i++)
        {
            outlets.Add(await hub.SubscribedAsync("""{"all":true}"""));
        }

        var stopping = hub.Hub.StopAsync(default);
        await hub.SettleDrainingAsync();
        hub.Time.Advance(Limits.Deliver.DrainJitter / 2);
        await hub.SettleDrainingAsync();
        var half = outlets.Count(o => o.Closed is not null);
        hub.Time.Advance(Limits.Deliver.DrainJitter);
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.InRange(half, 1, 19);
        Assert.All(outlets, o => Assert.Equal(CloseCode.Draining, o.Closed));
    }
}
