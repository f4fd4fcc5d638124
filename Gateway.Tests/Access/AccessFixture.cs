using Gateway.Access;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Access;

/// <summary>Access over a real SQLite file or a real MySQL server, with a clock that stands still and a database that can be taken away.</summary>
internal sealed class AccessFixture : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gateway-access-").FullName;
    private readonly ApiKeyHasher hasher = new();

    private AccessFixture(string? mySqlUrl)
    {
        Database = new SwitchedDatabase(mySqlUrl is null
            ? new SqliteDatabase(Path.Combine(folder, "gateway.db"))
            : new MySqlDatabase(StorageUrl.TryParse(mySqlUrl, out var reason) ?? throw new InvalidOperationException(reason)));
        Keys = new KeyRing(MasterKey.Create());
        Store = new AccessStore(Database, Time);
        Principals = new TrackedPrincipals(Store, Time);
        Access = new AccessControl(Store, Keys, hasher, Principals, Time);
        Watcher = new ControlVersionWatcher(Store, Principals, Time, NullLogger.Instance);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 2, 9, 12, 0, 0, TimeSpan.Zero));
    public SwitchedDatabase Database { get; }
    public KeyRing Keys { get; }
    public AccessStore Store { get; }
    public TrackedPrincipals Principals { get; }
    public AccessControl Access { get; }
    public ControlVersionWatcher Watcher { get; }
    public ApiKeyAdministration ApiKeys => new(Database, Keys, hasher, Time);
    public GrantAdministration Grants => new(Database, Time);

    /// <param name="mySqlUrl">An empty database of a MySQL server; null: SQLite.</param>
    public static async Task<AccessFixture> CreateAsync(string? mySqlUrl = null)
    {
        var fixture = new AccessFixture(mySqlUrl);
        var migrated = await new Migrator(fixture.Database, fixture.Time).MigrateAsync(CancellationToken.None);
        Assert.True(migrated.IsReady, migrated.Reason);
        Assert.True(await fixture.PollAsync());
        return fixture;
    }

    public async Task<CreatedApiKey> CreateKeyAsync(ApiKeySettings? settings = null) =>
        (await ApiKeys.CreateAsync(Actor.Gateway, giver: null, settings ?? new ApiKeySettings("test"), CancellationToken.None))!;

    public Task<GrantOutcome> GrantReadAsync(long keyId, long chatId) => Grants.SetAsync(
        Actor.Gateway, giver: null, PrincipalId.Key(keyId), GrantTarget.InChat(new ChatName(chatId, 0, 0)), ChatRights.Read, CancellationToken.None);

    public Task<bool> PollAsync() => Watcher.PollAsync(CancellationToken.None);

    public async Task<AuthenticationOutcome> AuthenticateAsync(string text) => await Access.AuthenticateAsync(text, CancellationToken.None);

    public async Task<(CreatedApiKey Key, Principal Principal)> SignInAsync(bool isAdmin = false, long? expiresAtMs = null)
    {
        var key = await CreateKeyAsync(new ApiKeySettings("test", isAdmin, ExpiresAtMs: expiresAtMs));
        var outcome = await AuthenticateAsync(Secrets.Note(key.Text, "api key"));
        Assert.Equal(AuthenticationStatus.Accepted, outcome.Status);
        return (key, outcome.Principal!);
    }

    public async Task<string?> ReadAsync(string sql)
    {
        await using var connection = await Database.OpenAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public Task ExecuteAsync(string sql) =>
        ControlTransaction.RunAsync(Database, commands => commands.ExecuteAsync(sql), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        hasher.Dispose();
        Database.BeforeOpen = null;
        await Database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
