using Gateway.Deliver;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class HubLimitTests
{
    [Fact]
    public async Task Lagging_LongerThanTheLimit_IsCutAs4100()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await BlockedAsync(hub);
        await hub.PublishAsync(500);
        await hub.PublishAsync(600);
        await hub.SettleAsync();
        hub.Time.Advance(Limits.Deliver.Lagging - TimeSpan.FromSeconds(1));
        await hub.SettleAsync();
        Assert.False(outlet.IsAborted);

        hub.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(CloseCode.SlowConsumer, await outlet.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(outlet.IsAborted);
    }

    [Fact]
    public async Task Peer_TakesNothing_WithoutOverflow_IsCutToo()
    {
        await using var hub = await HubHarness.StartAsync();
        var outlet = await BlockedAsync(hub);
        for (var i = 0; i < 70; i++)
        {
            hub.Time.Advance(TimeSpan.FromSeconds(1));
            await hub.SettleAsync();
        }

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
        var outlet = await BlockedAsync(hub);
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
        var outlet = await BlockedAsync(hub);
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

    private static async Task<TestOutlet> BlockedAsync(HubHarness hub)
    {
        var outlet = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        outlet.IsBlocked = true;
        await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        return outlet;
    }
}
