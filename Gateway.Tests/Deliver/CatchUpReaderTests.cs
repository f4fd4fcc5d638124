using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class CatchUpReaderTests
{
    [Fact]
    public async Task Reads_ThatCanNeverSucceed_DoNotKeepTheReadersFromOthers()
    {
        await using var hub = await HubHarness.StartAsync(history: 5, wrap: store => new WatchedStore(store) { IsUnreadable = static query => query.AfterSeq == 0 });
        for (var i = 0; i < Limits.Deliver.CatchUpReaders * 2; i++)
        {
            // Chosen chats: a read of its own for each.
            await hub.SubscribedAsync("""{"id":"never","chat_id":1,"after":0}""");
        }

        var good = await hub.SubscribedAsync("""{"id":"a","all":true,"after":1}""");
        var deadline = Environment.TickCount64 + 20_000;
        while (good.Actions("caught_up").Length == 0)
        {
            Assert.True(Environment.TickCount64 < deadline, "its page was never read");
            hub.Time.Advance(Limits.Deliver.ReadRetry);
            await hub.SettleAsync();
        }

        Assert.Equal([2, 3, 4, 5], good.Replayed("a"));
    }

    /// <summary>Or a shard and a reader would ask as fast as the database answers.</summary>
    [Fact]
    public async Task Page_ThatDoesNotAdvance_IsAskedForAgainAtATickOnly()
    {
        WatchedStore store = null!;
        await using var hub = await HubHarness.StartAsync(history: 5, wrap: inner => store = new WatchedStore(inner) { IsStuck = true });
        var outlet = await hub.SubscribedAsync("""{"id":"a","chat_id":1,"after":0}""");
        Assert.True(await store.Begun.WaitAsync(TimeSpan.FromSeconds(20)));
        for (var round = 0; round < 4; round++)
        {
            await hub.SettleAsync();
            Assert.Equal(0, store.Begun.CurrentCount);
            var deadline = Environment.TickCount64 + 20_000;
            while (!await store.Begun.WaitAsync(0))
            {
                Assert.True(Environment.TickCount64 < deadline, "it was not asked for again");
                hub.Time.Advance(Limits.Deliver.Tick);
                await hub.SettleAsync();
            }
        }

        store.IsStuck = false;
        var end = Environment.TickCount64 + 20_000;
        while (outlet.Actions("caught_up").Length == 0)
        {
            Assert.True(Environment.TickCount64 < end, "it did not go on");
            hub.Time.Advance(Limits.Deliver.Tick);
            await hub.SettleAsync();
        }

        Assert.Equal([1, 2, 3, 4, 5], outlet.Replayed("a"));
    }
}
