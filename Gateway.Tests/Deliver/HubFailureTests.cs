using Gateway.Deliver;
using Gateway.Messages;
using Gateway.Tests.Log;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>A bug in a shard's turn, and a shard that has ended.</summary>
public sealed class HubFailureTests
{
    [Fact]
    public async Task Turn_FailsInABatch_NoStreamMissesTheRestOfIt()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var all = await hub.SubscribedAsync("""{"id":"a","all":true}""");
        var chat = await hub.SubscribedAsync("""{"id":"b","chat_id":1}""");
        await all.UntilAsync(o => o.Actions("caught_up").Length == 1);
        await chat.UntilAsync(o => o.Actions("caught_up").Length == 1);

        // What the matching of a migration cannot read stands for any bug there.
        var before = await hub.CommitAsync(2);
        var broken = await hub.CommitItemsAsync(Broken());
        var after = await hub.CommitAsync(2);
        await hub.PublishAsync((after.Head, [.. before.Events, .. broken.Events, .. after.Events]));
        await hub.PublishAsync();
        await all.UntilAsync(o => o.Bare.Length >= 6);
        await chat.UntilAsync(o => o.Bare.Length >= 6);
        await hub.SettleAsync();

        Assert.Equal([2, 3, 4, 5, 6, 7], all.Bare);
        Assert.Equal([2, 3, 4, 5, 6, 7], chat.Bare);
    }

    /// <summary>Regression: the stream read the link from the log, and nothing extended it to the new chat.</summary>
    [Fact]
    public async Task Turn_FailsBeforeAMigration_TheStreamStillGoesOnWithTheNewChat()
    {
        await using var hub = await HubHarness.StartAsync(history: 1);
        var chat = await hub.SubscribedAsync("""{"id":"b","chat_id":1}""");
        await chat.UntilAsync(o => o.Actions("caught_up").Length == 1);

        var broken = await hub.CommitItemsAsync(Broken());
        var first = await hub.CommitAsync(1, chat: -100777);
        var next = await hub.ChatIdAsync(-100777);
        var link = await hub.CommitItemsAsync(Migrated(new MigrationPayload(1, next, first.Head.Seq).Encode(), next, "g:link"));
        await hub.PublishAsync((link.Head, [.. broken.Events, .. first.Events, .. link.Events]));
        var last = await hub.PublishAsync(1, chat: -100777);
        await chat.UntilAsync(o => o.Bare.Contains(last));

        Assert.Contains(link.Head.Seq, chat.Bare);
        Assert.Equal(chat.Bare.Order(), chat.Bare);
    }

    [Fact]
    public async Task Shard_HasEnded_WhoAsksIsAnsweredAndNoConnectionStaysOpen()
    {
        var hub = await HubHarness.StartAsync();
        var early = await hub.SubscribedAsync("""{"all":true}""");
        await hub.DisposeAsync();
        Assert.Equal(CloseCode.Draining, await early.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));

        var late = hub.Open();
        var resolved = new ResolvedSubscription(new SubscriptionRequest { All = true }, Selector.All, default, null);
        var started = await late.Connection.StartAsync(resolved).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        var ended = await late.Connection.UnsubscribeAsync("default").WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("CLOSED", started.Error!.Code);
        Assert.Equal("CLOSED", ended.Error!.Code);
        Assert.Equal(CloseCode.Draining, await late.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(late.IsAborted);
    }

    /// <summary>Regression: what failed for a stream that was gone cut its outlet, and with it the request that Kestrel serves there by then.</summary>
    [Fact]
    public async Task Command_FailsForAConnectionThatIsGone_ItsOutletIsLeftAlone()
    {
        await using var hub = await HubHarness.StartAsync();
        var gone = hub.Open();
        gone.Connection.OnGone();
        await gone.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20));

        // An order without a subscription stands for any bug there.
        var outcome = await gone.Connection.StartAsync(null!).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        await hub.SettleAsync();

        Assert.Equal("CLOSED", outcome.Error!.Code);
        Assert.False(gone.IsAborted);
    }

    private static Gateway.Log.CommitItem Broken() => Migrated("{\"from_chat_id\":"u8.ToArray(), 1, "g:broken");

    private static Gateway.Log.CommitItem Migrated(byte[] payload, long chatId, string dedupKey) => new()
    {
        Update = new IncomingUpdate(1, payload, new UpdateFacts { Kind = GatewayEventKinds.ChatMigrated }),
        DedupKey = dedupKey,
        KnownChatId = chatId,
    };
}
