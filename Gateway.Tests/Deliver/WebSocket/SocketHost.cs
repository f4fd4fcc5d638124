using System.Net;
using System.Text;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Gateway.Hosting;
using Gateway.Http;
using Gateway.Log;
using Gateway.Log.Sqlite;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>A real Kestrel with the real endpoint, hub, access control and an SQLite store; events are offered to the hub as the bus reader does.</summary>
internal sealed class SocketHost : IAsyncDisposable
{
    private static readonly KeyRing Keys = new(MasterKey.Create());
    private static readonly Lazy<Task<(string Text, string Hash)>> AdminKey = new(static () => MakeKeyAsync(1));
    private static readonly Lazy<Task<(string Text, string Hash)>> OtherKey = new(static () => MakeKeyAsync(2));
    private static readonly Lazy<Task<(string Text, string Hash)>> DeafKey = new(static () => MakeKeyAsync(3));

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-socket-");
    private readonly CancellationTokenSource stop = new();
    private SqliteDatabase database = null!;
    private SqliteLogStore store = null!;
    private WebApplication app = null!;
    private Task running = null!;
    private Action<KestrelServerLimits>? limits;
    private TimeProvider hubTime = TimeProvider.System;
    private int shards;
    private Func<Task<bool>>? readFresh;
    private AccessControl access = null!;
    private long updateId;

    public Hub Hub { get; private set; } = null!;
    public SocketCensus Census { get; private set; } = null!;
    public AuditDenials Denials { get; private set; } = null!;
    public RecordingLogger Log { get; } = new();
    public int Port { get; private set; }
    public bool IsTls { get; private init; }

    /// <summary>Of an admin.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Of one who may read nothing.</summary>
    public string PoorKey { get; private set; } = "";

    /// <summary>Of one who may not listen at all.</summary>
    public string KeyWithoutEvents { get; private set; } = "";

    /// <summary>Whether permissions are known to be current.</summary>
    public volatile bool IsCurrent = true;

    public string Scheme => IsTls ? "wss" : "ws";

    public static async Task<SocketHost> StartAsync(
        bool isTls = false, TimeProvider? time = null, SocketOptions? options = null, Action<KestrelServerLimits>? limits = null,
        TimeProvider? hubTime = null, int shards = 2, RateLimit? rateLimit = null, Func<Task<bool>>? readFresh = null)
    {
        var host = new SocketHost { IsTls = isTls, readFresh = readFresh, limits = limits, hubTime = hubTime ?? TimeProvider.System, shards = shards };
        // Without a limit of the test's own, one that no test meets.
        var budgets = new RateBudgets(time ?? TimeProvider.System, rateLimit ?? new RateLimit(Limits.Access.RequestsPerSecondMost, Limits.Access.RequestBurstMost));
        await host.OpenAsync(time ?? TimeProvider.System, options ?? new SocketOptions(), budgets);
        return host;
    }

    /// <summary>Commits this many messages with a text of the given length and offers them to the hub as one batch.</summary>
    public async Task OfferAsync(int count, int textLength = 10)
    {
        var items = new CommitItem[count];
        for (var i = 0; i < count; i++)
        {
            updateId++;
            var json = $$$"""{"update_id":{{{updateId}}},"message":{"message_id":{{{updateId}}},"date":1767225600,"chat":{"id":5,"type":"private"},"text":"{{{new string('x', textLength)}}}"}}""";
            var payload = Encoding.UTF8.GetBytes(json);
            items[i] = new CommitItem { Update = new IncomingUpdate(1, payload, UpdateParser.Parse(payload)), DedupKey = $"u:{updateId}" };
        }
        var batch = new CommitBatch(items);
        Assert.Equal(BatchOutcome.Committed, await store.CommitAsync(batch, default));
        var events = Array.ConvertAll(items, item => new LogEvent(batch.Head.LogId, item.Seq, 1, "message", item.Update.Payload, item.Update.Facts)
        {
            ChatId = item.ChatId,
            MessageId = item.MessageId,
            CreatedAtMs = batch.Head.CreatedAtMs,
        });
        await Hub.OfferAsync(new LogPosition(batch.Head.LogId, events[^1].Seq), events, default);
    }

    /// <summary>One that stands for the key.</summary>
    public async Task<string> TicketAsync(string key) =>
        (await new Tickets(database, new OpaqueTokens(Keys), TimeProvider.System).IssueAsync(await PrincipalAsync(key), default)).Text;

    /// <summary>What was denied, each with how often, once all of it is written.</summary>
    public async Task<List<string>> DenialsAsync()
    {
        Assert.True(await Denials.FlushAsync(isLast: true));
        await using var connection = await database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT actor_kind, actor_id, address, action, target_type, target_id, count FROM audit_log WHERE outcome = 'denied' ORDER BY id";
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync()) rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)));
        return rows;
    }

    /// <summary>The object that all connections of the key share.</summary>
    public async Task<Principal> PrincipalAsync(string key) => (await access.AuthenticateAsync(key, default)).Principal!;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        using var bounded = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await app.StopAsync(bounded.Token);
        await app.DisposeAsync();
        await store.DisposeAsync();
        await database.DisposeAsync();
        stop.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task OpenAsync(TimeProvider time, SocketOptions options, RateBudgets budgets)
    {
        database = new SqliteDatabase(Path.Combine(folder.FullName, StorageUrl.SqliteFileName));
        var outcome = await new Migrator(database, time).MigrateAsync(default);
        Assert.True(outcome.IsReady, outcome.Reason);
        store = new SqliteLogStore(database.Path, time);
        var hasher = new ApiKeyHasher();
        var accessStore = new AccessStore(database, time);
        access = new AccessControl(accessStore, Keys, hasher, new TrackedPrincipals(accessStore, time, budgets), time);
        Key = await AddKeyAsync(1, await AdminKey.Value, isAdmin: true);
        PoorKey = await AddKeyAsync(2, await OtherKey.Value, isAdmin: false);
        KeyWithoutEvents = await AddKeyAsync(3, await DeafKey.Value, isAdmin: false, scopes: "chats:read");
        Hub = new Hub(store, new ChatDirectory(database), () => IsCurrent, hubTime, new Random(1), shards, Log, readFresh);
        running = Hub.RunAsync(stop.Token);
        await Hub.OfferAsync(new LogPosition((await store.ReadHeadAsync(default))!.Value.LogId, 0), [], default);
        Census = new SocketCensus(options);
        var services = new SocketServices(Hub, access, WebSocketFraming.Instance, new SessionWheel(time), Census, time, Log,
            new RateLimiter(new KeyUsage(database, time, Log), time), Denials = new AuditDenials(database, time, Log));
        var endpoint = new SocketEndpoint(services, options);
        await ListenAsync(new Router(
        [
            .. endpoint.Routes,
            new HttpRoute("GET", "/other", WriteOtherAsync, "other") { Needs = RouteNeeds.Public },
        ]));
    }

    private static Task WriteOtherAsync(Exchange exchange)
    {
        exchange.Response.ContentLength = 0;
        return exchange.Response.CompleteAsync();
    }

    private async Task ListenAsync(Router router)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(Log).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            ServerBounds.Apply(kestrel);
            limits?.Invoke(kestrel.Limits);
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = KestrelSetup.Protocols(IsTls);
                listen.Use(ConnectionOutput.Layer(TimeProvider.System));
                if (IsTls)
                {
                    listen.UseHttps(TestCertificate.Create());
                }
            });
        });
        app = builder.Build();
        var door = new FrontDoor(router, NullLogger<FrontDoor>.Instance);
        app.Run(door.HandleAsync);
        await app.StartAsync();
        Port = new Uri(app.Urls.First()).Port;
    }

    private async Task<string> AddKeyAsync(long id, (string Text, string Hash) key, bool isAdmin, string? scopes = null)
    {
        await using var connection = await database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = $"INSERT INTO api_keys (id, name, hash, is_admin, scopes, created_at_ms) VALUES ({id}, 'key {id}', '{key.Hash}', {(isAdmin ? 1 : 0)}, {(scopes is null ? "NULL" : $"'{scopes}'")}, 0)";
        await command.ExecuteNonQueryAsync();
        return key.Text;
    }

    /// <summary>Hashed once for all tests: one hash takes tens of milliseconds.</summary>
    private static async Task<(string Text, string Hash)> MakeKeyAsync(long id)
    {
        using var hasher = new ApiKeyHasher();
        var text = Secrets.Note(ApiKeyText.Create(id, Keys), "api key");
        return (text, await hasher.HashAsync(text));
    }
}
