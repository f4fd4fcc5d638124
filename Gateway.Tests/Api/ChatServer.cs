using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Access;
using Gateway.Api;
using Gateway.Http;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Log;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Api;

/// <summary>What a call answered.</summary>
internal sealed record Reply(HttpStatusCode Status, string Text, string? ETag, Uri? Location)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>Without the one part that differs from call to call.</summary>
    public string WithoutRequestId => Text.Replace(Json.GetProperty("request_id").GetString()!, "", StringComparison.Ordinal);

    public string Code => Json.GetProperty("code").GetString()!;
}

/// <summary>The routes of chats, permissions and messages over a real Kestrel and a real database, with two bots of two tenants.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-chats-");
    private readonly ApiKeyHasher hasher = new();
    private readonly KeyRing ring = new(MasterKey.Create());
    // Stands still: permissions do not grow old while a test takes its time.
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly OpenedStorage storage;
    private readonly ControlVersionWatcher watcher;
    private LoopbackServer server = null!;

    private ChatServer(string? mysqlUrl)
    {
        storage = StorageFactory.Open(mysqlUrl is null ? StorageUrl.InFolder(folder.FullName) : StorageUrl.TryParse(mysqlUrl, out _)!, time);
        Database = new CountingDatabase(storage.Database);
        var store = new AccessStore(Database, time);
        var principals = new TrackedPrincipals(store, time);
        Access = new AccessControl(store, ring, hasher, principals, time);
        watcher = new ControlVersionWatcher(store, principals, time, NullLogger.Instance);
        Grants = new GrantAdministration(Database, time);
    }

    public CountingDatabase Database { get; }
    public AccessControl Access { get; }
    public GrantAdministration Grants { get; }
    public IMessageStore Messages => storage.Messages;
    public string AdminKey { get; private set; } = "";

    /// <param name="mysqlUrl">Null: SQLite.</param>
    public static async Task<ChatServer> StartAsync(string? mysqlUrl = null)
    {
        var self = new ChatServer(mysqlUrl);
        Assert.True((await new Migrator(self.storage.Database, self.time).MigrateAsync(default)).IsReady);
        for (var bot = 1; bot <= 2; bot++)
        {
            await self.ExecuteAsync(
                $"INSERT INTO bots (telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms) VALUES ({bot}, '{bot}', '', '{bot}', '', 'webhook', 0)");
        }

        await self.PollAsync();
        var gate = new AccessGate(self.Access, self.PollAsync);
        var queries = new ChatQueries(self.Database);
        var chats = new ChatAccess(queries, self.PollAsync);
        HttpRoute[] table =
        [
            .. new ChatsHandler(queries, new ChatAdministration(self.Database, self.time), chats, self.PollAsync).Routes,
            .. new ChatPermissionsHandler(chats, new ChatPermissionQueries(self.Database), self.Grants).Routes,
            .. new MessagesHandler(self.storage.Messages, chats, self.PollAsync).Routes,
        ];
        self.server = await LoopbackServer.StartAsync(new FrontDoor(new Router(table.Select(gate.Protect)), NullLogger<FrontDoor>.Instance).HandleAsync);
        self.AdminKey = (await self.KeyAsync(isAdmin: true)).Text;
        return self;
    }

    /// <summary>Permissions cannot be read, as while the database is away.</summary>
    public bool IsAway { get; set; }

    public Task<bool> PollAsync() => IsAway ? Task.FromResult(false) : watcher.PollAsync(default);

    public async Task<CreatedApiKey> KeyAsync(bool isAdmin = false, string? scopes = null) => (await new ApiKeyAdministration(storage.Database, ring, hasher, time)
        .CreateAsync(Actor.Gateway, giver: null, new ApiKeySettings("key", isAdmin, scopes, RatePerSecond: 10_000, RateBurst: 10_000), default))!;

    /// <summary>A key with every scope and these rights on one chat.</summary>
    public async Task<CreatedApiKey> KeyOnAsync(long chatId, ChatRights rights, long threadId = 0)
    {
        var key = await KeyAsync(scopes: string.Join(' ', PermissionNames.All));
        Assert.Equal(GrantStatus.Done, (await Grants.SetAsync(Actor.Gateway, null, PrincipalId.Key(key.Id), GrantTarget.InChat(new ChatName(chatId, 0, 0), threadId), rights, default)).Status);
        return key;
    }

    public async Task<CreatedApiKey> KeyOnBotAsync(long botId, ChatRights rights)
    {
        var key = await KeyAsync(scopes: string.Join(' ', PermissionNames.All));
        Assert.Equal(GrantStatus.Done, (await Grants.SetAsync(Actor.Gateway, null, PrincipalId.Key(key.Id), GrantTarget.Bot(botId), rights, default)).Status);
        return key;
    }

    public async Task<CommitBatch> CommitAsync(params CommitItem[] items)
    {
        var batch = new CommitBatch(items);
        Assert.Equal(BatchOutcome.Committed, await storage.Log.CommitAsync(batch, new LogPosition("", 0)));
        var indexer = new SearchIndexer(storage.Messages, time, NullLogger.Instance);
        while (await indexer.StepAsync(default) == StepOutcome.Behind)
        {
        }

        return batch;
    }

    public async Task<Reply> CallAsync(string method, string path, string key, string? body = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("X-API-Key", key);
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await server.Client.SendAsync(request);
        return new(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.ETag?.ToString(), response.Headers.Location);
    }

    public Task<Reply> GetAsync(string path, string? key = null) => CallAsync("GET", path, key ?? AdminKey);

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await storage.Database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public async Task<string?> ScalarAsync(string sql)
    {
        await using var connection = await storage.Database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await storage.DisposeAsync();
        hasher.Dispose();
        folder.Delete(recursive: true);
    }
}
