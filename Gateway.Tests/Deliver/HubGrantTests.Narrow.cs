using System.Collections.Frozen;
using System.Text.Json;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Deliver.Pull;
using Gateway.Messages;
using Gateway.Tests.Log;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Grants of threads, feedback, and the bounds.</summary>
public sealed partial class HubGrantTests
{
    [Fact]
    public async Task Grant_OfAThread_LetsThroughItsEventsAlone()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Someone(Threads((other, 5)));
        var outlet = await LiveAsync($$"""{"id":"a","chat_id":{{other}}}""", principal);
        var all = await LiveAsync("""{"id":"a","all":true,"after":0}""", principal);
        await InThreadAsync(7);
        await hub.PublishAsync(1, OtherGroup);
        var inFive = await InThreadAsync(5);
        await all.UntilAsync(o => o.Bare.Length == 1);
        await hub.GrantAsync(principal, Threads((other, 7)));
        await InThreadAsync(5);
        var inSeven = await InThreadAsync(7);
        await all.UntilAsync(o => o.Bare.Length == 2);
        await outlet.UntilAsync(o => o.Bare.Length == 2);

        Assert.Empty(all.Replayed("a"));
        Assert.Equal([inFive, inSeven], all.Bare);
        Assert.Equal([inFive, inSeven], outlet.Bare);
        Assert.Equal([$"thread {other}/5 False", $"thread {other}/7 True"], Told(outlet));
        Assert.Equal(Told(outlet), Told(all));
        var late = await LiveAsync("""{"id":"a","all":true,"after":0}""", principal);
        Assert.Equal(2, late.Replayed("a").Length);
    }

    [Fact]
    public async Task Feedback_NarrowsWhatIsPushed_AndNotWhatIsPulled()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Someone(HubHarness.Reads(mine, other).With(feedback: [other]));
        var outlet = await LiveAsync("""{"id":"a","all":true,"after":0}""", principal);
        await hub.PublishAsync();
        var last = await hub.PublishAsync(1, OtherGroup);
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        Assert.Equal([2], outlet.Replayed("a"));
        Assert.Equal([last], outlet.Bare);

        var pull = new PullOutlet(10, 0);
        var connection = hub.Hub.Open(principal, PullFraming.Instance, pull);
        pull.Attach(connection);
        Assert.Null((await connection.SubscribeAsync(new SubscriptionRequest { All = true, After = 0 }, default)).Error);
        await pull.CaughtUp.WaitAsync(TimeSpan.FromSeconds(20));
        var answer = new ByteBuffer(256);
        pull.Write(answer, "log");
        Assert.Equal([1, 2, 3, 4], JsonDocument.Parse(answer.Written.ToArray()).RootElement.GetProperty("events").EnumerateArray().Select(TestOutlet.Seq));
    }

    [Fact]
    public async Task Feedback_OfAChatThatMayNotBeRead_PushesNothing_AndMoreOfItAddsFromNowOn()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Someone(HubHarness.Reads(mine).With(feedback: [other]));
        var outlet = await LiveAsync("""{"id":"a","all":true}""", principal);
        await hub.PublishAsync();
        await hub.PublishAsync(1, OtherGroup);
        await hub.GrantAsync(principal, HubHarness.Reads(mine).With(feedback: [mine, other]));
        var last = await hub.PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length > 0);

        Assert.Equal([last], outlet.Bare);
        Assert.Empty(Told(outlet));
    }

    [Fact]
    public async Task AccessFloors_OneMoreThanTheBound_EndsTheStreamThatIsStillBehind()
    {
        await StartAsync();
        await using var _ = hub;
        hub.IsCurrent = false;
        var principal = HubHarness.Reader(mine);
        // Held, so it stays behind.
        var behind = await hub.SubscribedAsync("""{"id":"a","all":true,"after":0}""", principal);
        var live = await hub.SubscribedAsync("""{"id":"a","all":true}""", principal);
        for (var grown = 1; grown <= Limits.Deliver.AccessFloors; grown++)
        {
            await hub.GrantAsync(principal, HubHarness.Reads([mine, .. HubHarness.Seqs(100, 99 + grown)]));
        }

        Assert.False(behind.Connection.Completion.IsCompleted);
        await hub.GrantAsync(principal, HubHarness.Reads([mine, .. HubHarness.Seqs(100, 100 + Limits.Deliver.AccessFloors)]));
        Assert.Equal(CloseCode.SlowConsumer, await behind.Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.False(live.Connection.Completion.IsCompleted);
    }

    [Fact]
    public async Task AccessFrames_ForAPeerThatTakesNothing_EndItAtTheBoundOfItsControls()
    {
        await StartAsync();
        await using var _ = hub;
        var principal = HubHarness.Reader(mine);
        var outlet = await hub.BlockedAsync(principal);
        long[] chats = [mine];
        for (var rounds = 0; !outlet.Connection.Completion.IsCompleted; rounds++)
        {
            Assert.InRange(rounds, 0, Limits.Deliver.QueueControlBytes / Limits.Deliver.AccessFrames / 40);
            chats = [.. chats, .. HubHarness.Seqs(chats.Length + 100, chats.Length + 99 + Limits.Deliver.AccessFrames)];
            await hub.GrantAsync(principal, HubHarness.Reads(chats));
        }

        Assert.Equal(CloseCode.SlowConsumer, await outlet.Connection.Completion);
    }

    private static Grants Threads(params (long Chat, long Thread)[] threads) =>
        new(false, FrozenSet<long>.Empty, FrozenSet<long>.Empty) { Threads = threads.ToFrozenDictionary(thread => thread, _ => ChatRights.Read) };

    private async Task<long> InThreadAsync(long thread)
    {
        var id = 100_000 + hub.Hub.Position!.Value.Seq + thread;
        var committed = await hub.CommitItemsAsync(SampleUpdates.Message(id, id, chat: OtherGroup, extra: $",\"message_thread_id\":{thread},\"is_topic_message\":true"));
        await hub.PublishAsync(committed);
        await hub.SettleAsync();
        return committed.Head.Seq;
    }
}
