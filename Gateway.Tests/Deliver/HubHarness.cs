using System.Collections.Frozen;
using System.Text;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Log;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using SampleUpdates = Gateway.Tests.Log.SampleUpdates;

namespace Gateway.Tests.Deliver;

/// <summary>A hub of one shard over a real store; what is committed here reaches the hub when the test says so.</summary>
internal sealed class HubHarness : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly SqliteFixture fixture = new();
    private Task run = Task.CompletedTask;
    private long nextUpdateId = 1;

    private HubHarness(Func<ILogStore, ILogStore>? wrap)
    {
        AsksWhetherCurrent = () => IsCurrent;
        Hub = new Hub(
            wrap is null ? fixture.Store : wrap(fixture.Store), new ChatDirectory(fixture.Database), () => AsksWhetherCurrent(), fixture.Time, new Random(1), shardCount: 1,
            NullLogger.Instance, () => ReadFresh());
    }

    public Hub Hub { get; }
    public FakeTimeProvider Time => fixture.Time;
    public ILogStore Store => fixture.Store;
    public IDatabase Database => fixture.Database;

    /// <summary>Whether permissions are known to be current.</summary>
    public volatile bool IsCurrent = true;

    /// <summary>What the hub asks.</summary>
    public Func<bool> AsksWhetherCurrent { get; set; }

    /// <summary>What the hub has read before it refuses somebody.</summary>
    public Func<Task<bool>> ReadFresh { get; set; } = () => Task.FromResult(true);

    public Principal Admin { get; } = new(PrincipalId.Key(1), "admin") { Grants = Grants.Admin, Permissions = Permission.All };

    /// <param name="history">Messages that are in the log before the hub starts, so only the database has them.</param>
    /// <param name="wrap">Puts something between the hub and the store.</param>
    /// <param name="feed">Feeds the hub instead of the test; its first word is where the log stands.</param>
    public static async Task<HubHarness> StartAsync(int history = 0, Action<HubHarness>? feed = null, Func<ILogStore, ILogStore>? wrap = null)
    {
        var harness = new HubHarness(wrap);
        var outcome = await new Migrator(harness.Database, harness.Time).MigrateAsync(default);
        Assert.True(outcome.IsReady, outcome.Reason);
        await harness.fixture.ExecuteAsync(
            "INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms) VALUES (1, 100, x'00', x'00', x'00', x'00', 'webhook', 0)");
        for (var left = history; left > 0; left -= Limits.Log.BatchUpdates)
        {
            await harness.CommitAsync(Math.Min(left, Limits.Log.BatchUpdates));
        }

        harness.run = harness.Hub.RunAsync(harness.stop.Token);
        if (feed is null)
        {
            var head = (await harness.Store.ReadHeadAsync(default))!.Value;
            await harness.Hub.OfferAsync(new LogPosition(head.LogId, head.Seq), [], default);
        }
        else
        {
            feed(harness);
        }

        // The position is published by the shard's loop.
        await PollAsync(() => harness.Hub.Position is not null);
        return harness;
    }

    public static Principal Reader(params long[] chats) => Someone(Reads(chats));

    public static Principal Someone(Grants grants) => new(PrincipalId.Key(2), "reader") { Grants = grants, Permissions = Permission.EventsRead };

    public static Grants Reads(params long[] chats) => new(false, chats.ToFrozenSet(), FrozenSet<long>.Empty);

    /// <summary>From the first to the last.</summary>
    public static IEnumerable<long> Seqs(long first, long last)
    {
        for (var seq = first; seq <= last; seq++) yield return seq;
    }

    /// <summary>Other grants, as the watcher gives them; the shard has heard of them when this answers.</summary>
    public async Task GrantAsync(Principal principal, Grants grants)
    {
        // What was published before is of before.
        await SettleAsync();
        principal.Grants = grants;
        await Hub.OnControlChangedAsync(2, default);
        await SettleAsync();
    }

    public Task ExecuteAsync(string sql) => fixture.ExecuteAsync(sql);

    public async Task<long> ChatIdAsync(long telegramChatId) =>
        long.Parse((await fixture.ScalarAsync($"SELECT id FROM chats WHERE telegram_chat_id = {telegramChatId}"))!, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Commits without telling the hub.</summary>
    public async Task<(LogHead Head, LogEvent[] Events)> CommitAsync(int messages = 1, long chat = SampleUpdates.GroupId, string text = "hello")
    {
        var items = new CommitItem[messages];
        for (var i = 0; i < messages; i++)
        {
            var id = nextUpdateId++;
            items[i] = SampleUpdates.Message(id, id, text, chat: chat);
        }

        return await CommitItemsAsync(items);
    }

    public async Task<(LogHead Head, LogEvent[] Events)> CommitItemsAsync(params CommitItem[] items)
    {
        var batch = new CommitBatch(items);
        Assert.Equal(BatchOutcome.Committed, await Store.CommitAsync(batch, new LogPosition("", 0)));
        return (batch.Head, CommittedEvents.Of(batch, items.Length));
    }

    public async Task PublishAsync((LogHead Head, LogEvent[] Events) committed) =>
        await Hub.OfferAsync(new LogPosition(committed.Head.LogId, committed.Head.Seq), committed.Events, default);

    /// <summary>Commits and tells the hub; answers the last seq.</summary>
    public async Task<long> PublishAsync(int messages = 1, long chat = SampleUpdates.GroupId, string text = "hello")
    {
        var committed = await CommitAsync(messages, chat, text);
        await PublishAsync(committed);
        return committed.Head.Seq;
    }

    public async Task<LogEvent> PublishGatewayEventAsync(string kind, long chatId, string payload)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        var committed = await CommitItemsAsync(new CommitItem
        {
            Update = new IncomingUpdate(1, bytes, new UpdateFacts { Kind = kind }),
            DedupKey = "g:" + Guid.NewGuid().ToString("n"),
            KnownChatId = chatId,
        });
        await PublishAsync(committed);
        return committed.Events[0];
    }

    public TestOutlet Open(Principal? principal = null)
    {
        var outlet = new TestOutlet();
        outlet.Connection = Hub.Open(principal ?? Admin, WebSocketFraming.Instance, outlet);
        return outlet;
    }

    public static async Task<SubscribeOutcome> SubscribeAsync(TestOutlet outlet, string json)
    {
        var parse = SubscriptionRequestJson.Parse(Encoding.UTF8.GetBytes(json));
        Assert.Null(parse.Error);
        return await outlet.Connection.SubscribeAsync(parse.Request!, default);
    }

    /// <summary>A connection with one subscription that is answered.</summary>
    public async Task<TestOutlet> SubscribedAsync(string json, Principal? principal = null)
    {
        var outlet = Open(principal);
        Assert.Null((await SubscribeAsync(outlet, json)).Error);
        return outlet;
    }

    /// <summary>A live stream of everything whose peer takes nothing from the first event on, which is on its way.</summary>
    public async Task<TestOutlet> BlockedAsync(Principal? principal = null)
    {
        var outlet = await SubscribedAsync("""{"id":"a","all":true}""", principal);
        await outlet.UntilAsync(o => o.Actions("caught_up").Length == 1);
        outlet.IsBlocked = true;
        await PublishAsync();
        await outlet.UntilAsync(o => o.Bare.Length == 1);
        return outlet;
    }

    /// <summary>Answers when everything the shard was told before has been worked off and sent.</summary>
    public async Task SettleAsync()
    {
        // Two rounds: what the first turn sends may mark the connection for another.
        for (var round = 0; round < 2; round++)
        {
            var witness = Open();
            await witness.Connection.WriteControlAsync(WebSocketFraming.Instance.Unsubscribed("settled"));
            await witness.UntilAsync(outlet => outlet.Frames.Count > 0);
            witness.Connection.OnGone();
        }
    }

    /// <summary>As <see cref="SettleAsync"/>, for a hub that lets no new connection in: its answer to one is the sign.</summary>
    public async Task SettleDrainingAsync()
    {
        for (var round = 0; round < 2; round++)
        {
            await Open().Connection.Completion.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    private static async Task PollAsync(Func<bool> condition)
    {
        var deadline = Environment.TickCount64 + 20_000;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline, "the shard did not start");
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await run;
        await fixture.DisposeAsync();
        stop.Dispose();
    }
}
