using Gateway.Access;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>
/// One connection whose grants come and go while it is live, stalls, is held, lags and catches up, in any order: what it gets is what was granted when
/// it happened (or, of the past, when it was asked for), all of that which was not taken away again, once and in order.
/// </summary>
public sealed class GrantProperties
{
    private const int Steps = 40, Chats = 3;

    private readonly List<(long Seq, int Chat, int Step)> events = [];
    private readonly List<(string Id, int Step)> subscriptions = [];

    // For each chat the steps at which it was granted and taken, in turns.
    private readonly List<int>[] changes = [[-1], [], []];
    private readonly long[] chatIds = new long[Chats];
    private readonly Principal principal = HubHarness.Reader();
    private HubHarness hub = null!;
    private TestOutlet outlet = null!;
    private int step;

    // By a revoke while it stalls, or where permissions were lost between the two looks of a send.
    private bool IsCut => outlet.IsAborted || outlet.Connection.Completion.IsCompleted;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Stream_WhoseGrantsComeAndGo_GetsWhatWasGrantedWhenItHappened(int seed)
    {
        var random = new Random(seed);
        hub = await HubHarness.StartAsync();
        await using var _ = hub;
        for (var chat = 0; chat < Chats; chat++)
        {
            await PublishAsync(chat, 1);
            await hub.SettleAsync();
            chatIds[chat] = await hub.ChatIdAsync(TelegramId(chat));
        }

        principal.Grants = Granted();
        outlet = hub.Open(principal);
        await SubscribeAsync("""{"id":"live","all":true}""", "live");
        for (step = 1; step < Steps && !IsCut; step++)
        {
            await StepAsync(random);
        }

        if (!IsCut)
        {
            await DrainAsync();
        }

        Check();
    }

    private async Task StepAsync(Random random)
    {
        switch (random.Next(10))
        {
            case < 4:
                await PublishAsync(random.Next(Chats), random.Next(8) == 0 ? Limits.Deliver.QueueEvents + 50 : random.Next(1, 40));
                break;
            case < 7:
                await ChangeAsync(random.Next(1, Chats));
                break;
            case 7:
                if (outlet.IsBlocked) outlet.Unblock();
                else outlet.IsBlocked = true;
                break;
            case 8:
                hub.IsCurrent = !hub.IsCurrent;
                hub.Time.Advance(Limits.Deliver.Tick);
                break;
            default:
                if (subscriptions.Count < 5) await SubscribeAsync($$"""{"id":"s{{step}}","all":true,"after":0}""", $"s{step}");
                break;
        }
    }

    private async Task PublishAsync(int chat, int count)
    {
        var last = await hub.PublishAsync(count, TelegramId(chat));
        for (var seq = last - count + 1; seq <= last; seq++) events.Add((seq, chat, step));
    }

    private async Task ChangeAsync(int chat)
    {
        changes[chat].Add(step);
        await hub.GrantAsync(principal, Granted());
    }

    private async Task SubscribeAsync(string json, string id)
    {
        await hub.SettleAsync();
        if ((await HubHarness.SubscribeAsync(outlet, json)).Error is null) subscriptions.Add((id, step));
        else Assert.True(IsCut);
    }

    private async Task DrainAsync()
    {
        if (outlet.IsBlocked) outlet.Unblock();
        hub.IsCurrent = true;
        hub.Time.Advance(Limits.Deliver.Tick);
        await PublishAsync(0, 1);
        await outlet.UntilAsync(o => IsCut || o.Actions("caught_up").Length == subscriptions.Count && o.Bare.Contains(events[^1].Seq));
    }

    private void Check()
    {
        var bare = outlet.Bare;
        Assert.Equal(bare.Order().Distinct(), bare);
        foreach (var (id, since) in subscriptions)
        {
            var replayed = outlet.Replayed(id);
            Assert.Equal(replayed.Order().Distinct(), replayed);
            HashSet<long> got = [.. replayed, .. bare];
            foreach (var one in events)
            {
                var isPast = one.Step <= since && id != "live";
                if (id == "live" && one.Step == 0) continue;
                var asOf = isPast ? since : one.Step;
                var mayCome = IsGranted(one.Chat, asOf);
                // What this subscription may not have, another may have had bare; a replay is its own.
                Assert.True(mayCome || !replayed.Contains(one.Seq), $"{id} since {since}: {one} came");
                Assert.True(IsGranted(one.Chat, one.Step) || !bare.Contains(one.Seq), $"{one} came bare");
                var mustCome = !IsCut && mayCome && changes[one.Chat].TrueForAll(change => change <= asOf);
                Assert.True(!mustCome || got.Contains(one.Seq), $"{id} since {since}: {one} did not come");
            }
        }
    }

    private Grants Granted() => HubHarness.Reads([.. Enumerable.Range(0, Chats).Where(chat => IsGranted(chat, step)).Select(chat => chatIds[chat])]);

    private bool IsGranted(int chat, int at) => changes[chat].Count(change => change <= at) % 2 == 1;

    private static long TelegramId(int chat) => -1000 - chat;
}
