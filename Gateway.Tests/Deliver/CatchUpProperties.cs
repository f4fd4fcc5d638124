using Gateway.Access;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Tests.Log;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Many catch-ups at once, of different positions, selectors and keys, against what the log says of each alone.</summary>
public sealed class CatchUpProperties
{
    private const int Chats = 4;
    private const int Readers = 60;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task MixedReaders_SharingPages_GetWhatEachWouldReadAlone(int seed)
    {
        var random = new Random(seed);
        await using var hub = await FilledAsync(random);
        await hub.Store.DeleteExpiredAsync(1, long.MaxValue, random.Next(1, 400), default);
        var asked = await AskAllAsync(hub, random);
        foreach (var one in asked)
        {
            await one.Outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
            var alone = await ReadAloneAsync(hub, one);
            Assert.Equal(alone.Seqs, one.Outlet.Replayed("a"));
            Assert.Equal(alone.Gaps, one.Outlet.Actions("gap").Select(GapOf));
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task MixedReaders_WhileRetentionMoves_GetEachEventOrAGapOverIt(int seed)
    {
        var random = new Random(seed);
        await using var hub = await FilledAsync(random);
        var mayRead = (await AllAsync(hub.Store)).Events;
        var asked = new List<Asked>();
        for (var round = 0; round < 6; round++)
        {
            asked.AddRange(await AskAllAsync(hub, random, Readers / 6));
            await hub.Store.DeleteExpiredAsync(1, long.MaxValue, random.Next(1, 150), default);
        }

        foreach (var one in asked)
        {
            await one.Outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
            var got = one.Outlet.Replayed("a");
            var gaps = one.Outlet.Actions("gap").Select(GapOf).ToArray();
            Assert.Equal(got.Order().Distinct(), got);
            foreach (var wanted in mayRead.Where(one.Wants))
            {
                Assert.True(
                    Array.BinarySearch(got, wanted.Seq) >= 0 || gaps.Any(gap => gap.Requested < wanted.Seq && wanted.Seq < gap.Earliest),
                    $"{one.Request}: {wanted.Seq} is neither there nor told");
            }
        }
    }

    private static async Task<HubHarness> FilledAsync(Random random)
    {
        var hub = await HubHarness.StartAsync();
        LogHead head = default;
        for (var i = 0; i < 40; i++)
        {
            var text = new string('x', random.Next(4) == 0 ? 20_000 : random.Next(1, 300));
            head = (await hub.CommitAsync(random.Next(5, 40), chat: -1000 - random.Next(Chats), text: text)).Head;
        }

        await hub.Hub.OfferAsync(new LogPosition(head.LogId, head.Seq), [], default);
        await hub.SettleAsync();
        return hub;
    }

    private static async Task<List<Asked>> AskAllAsync(HubHarness hub, Random random, int count = Readers)
    {
        var head = (int)(await hub.Store.ReadHeadAsync(default))!.Value.Seq;
        Principal[] principals = [hub.Admin, HubHarness.Reader(1), HubHarness.Reader(1, 2, 3)];
        var asked = new List<Asked>();
        for (var i = 0; i < count; i++)
        {
            var principal = principals[random.Next(principals.Length)];
            var chat = random.Next(2) == 0 ? 0 : 1;
            var after = random.Next(3) == 0 ? random.Next(head) : random.Next(20);
            var request = $$"""{"id":"a",{{(chat == 0 ? "\"all\":true" : "\"chat_id\":1")}},"after":{{after}}}""";
            asked.Add(new Asked(await hub.SubscribedAsync(request, principal), request, principal, chat, after));
        }

        return asked;
    }

    private static async Task<(List<LogEvent> Events, IReadOnlyList<BotRetention> Retained)> AllAsync(ILogStore store, long after = 0)
    {
        var events = new List<LogEvent>();
        IReadOnlyList<BotRetention>? retained = null;
        while (true)
        {
            var page = (await store.ReadPageAsync(new LogQuery(after), default))!;
            retained ??= page.Retained;
            events.AddRange(page.Events);
            if (page.ThroughSeq >= page.Head.Seq) return (events, retained);
            after = page.ThroughSeq;
        }
    }

    // All chats are of one bot, so its retention concerns everyone who reads.
    private static async Task<(long[] Seqs, (long Requested, long Earliest)[] Gaps)> ReadAloneAsync(HubHarness hub, Asked one)
    {
        var (events, retained) = await AllAsync(hub.Store, one.After);
        return ([.. events.Where(one.Wants).Select(e => e.Seq)], [.. retained.Select(r => (one.After, r.RetainedFrom))]);
    }

    private static (long Requested, long Earliest) GapOf(System.Text.Json.JsonElement gap) =>
        (gap.GetProperty("requested").GetInt64(), gap.GetProperty("earliest").GetInt64());

    private sealed record Asked(TestOutlet Outlet, string Request, Principal Principal, long Chat, long After)
    {
        public bool Wants(LogEvent logEvent) =>
            logEvent.Seq > After && (Chat == 0 || logEvent.ChatId == Chat) && Principal.Grants.CanRead(logEvent.BotId, logEvent.ChatId);
    }
}
