using System.Globalization;
using System.Net;
using Gateway.Access;
using Gateway.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Access;

/// <summary>Users, sessions and everything that authenticates them, over a database that is given, with a clock that stands still.</summary>
internal sealed class SessionFixture : IAsyncDisposable
{
    public const string Password = "correct horse";
    public static readonly IPAddress Home = IPAddress.Parse("192.0.2.1");
    public static readonly IPAddress Elsewhere = IPAddress.Parse("198.51.100.9");

    private readonly ApiKeyHasher hasher = new();
    private readonly string? folder;

    private SessionFixture(IDatabase database, string? folder, ILogger? logger)
    {
        this.folder = folder;
        Database = database;
        Store = new AccessStore(database, TimeProvider.System);
        Principals = new TrackedPrincipals(Store, Time);
        Access = new AccessControl(Store, Keys, hasher, Principals, Time);
        Watcher = new ControlVersionWatcher(Store, Principals, Time, NullLogger.Instance);
        Denials = new AuditDenials(database, Time, NullLogger.Instance);
        var opaque = new OpaqueTokens(Keys);
        Users = new UserAdministration(database, Passwords, Time);
        Sessions = new Sessions(database, new AccessTokens(Keys, Time), opaque, Time, logger ?? NullLogger.Instance);
        Logins = new Logins(database, Passwords, new LoginLimiter(Time), Sessions, Users, Time, Denials);
        Tickets = new Tickets(database, opaque, Time);
        Sweeper = new SessionSweeper(database, Access, Time, NullLogger.Instance);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 2, 9, 12, 0, 0, TimeSpan.Zero));
    public KeyRing Keys { get; } = new(MasterKey.Create());
    public PasswordHasher Passwords { get; } = new();
    public IDatabase Database { get; }
    public AccessStore Store { get; }
    public TrackedPrincipals Principals { get; }
    public AccessControl Access { get; }
    public ControlVersionWatcher Watcher { get; }
    public AuditDenials Denials { get; }
    public UserAdministration Users { get; }
    public UserQueries Queries => new(Database);
    public Sessions Sessions { get; }
    public Logins Logins { get; }
    public Tickets Tickets { get; }
    public SessionSweeper Sweeper { get; }
    public ApiKeyAdministration ApiKeys => new(Database, Keys, hasher, Time);

    public async Task<CreatedApiKey> CreateKeyAsync(ApiKeySettings settings) =>
        (await ApiKeys.CreateAsync(Actor.Gateway, giver: null, settings, CancellationToken.None))!;

    public static async Task<SessionFixture> CreateAsync(IDatabase? database = null, ILogger? logger = null)
    {
        var folder = database is null ? Directory.CreateTempSubdirectory("gateway-sessions-").FullName : null;
        var fixture = new SessionFixture(database ?? new SqliteDatabase(Path.Combine(folder!, "gateway.db")), folder, logger);
        var migrated = await new Migrator(fixture.Database, fixture.Time).MigrateAsync(CancellationToken.None);
        Assert.True(migrated.IsReady, migrated.Reason);
        Assert.True(await fixture.PollAsync());
        return fixture;
    }

    public Task<bool> PollAsync() => Watcher.PollAsync(CancellationToken.None);

    public async Task<long> AddUserAsync(string name, string role = Roles.Viewer)
    {
        var added = await Users.AddAsync(Actor.CommandLine, Authority.Whole, name, [role], Password, CancellationToken.None);
        Assert.Equal(UserStatus.Done, added.Status);
        return added.Id;
    }

    public Task<LoginOutcome> LogInAsync(string name, string password = Password, IPAddress? from = null) =>
        Logins.LogInAsync(name, password, from ?? Home, "test", CancellationToken.None);

    /// <summary>A new user, logged in.</summary>
    public async Task<SessionTokens> EnterAsync(string name = "anna", string role = Roles.Viewer)
    {
        await AddUserAsync(name, role);
        var outcome = await LogInAsync(name);
        Assert.Equal(LoginStatus.LoggedIn, outcome.Status);
        return outcome.Tokens!;
    }

    public async Task<Principal> AcceptAsync(string credential)
    {
        var outcome = await AuthenticateAsync(credential);
        Assert.Equal(AuthenticationStatus.Accepted, outcome.Status);
        return outcome.Principal!;
    }

    public async Task<AuthenticationOutcome> AuthenticateAsync(string credential) => await Access.AuthenticateAsync(credential, CancellationToken.None);

    public Task<RefreshOutcome> RefreshAsync(string token) =>
        Sessions.RefreshAsync(new Actor(ActorKind.Nobody, 0, "", Home.ToString(), "test"), token, CancellationToken.None);

    public async Task<long> NumberAsync(string sql)
    {
        await using var connection = await Database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        hasher.Dispose();
        Passwords.Dispose();
        await Database.DisposeAsync();
        if (folder is not null) Directory.Delete(folder, recursive: true);
    }
}
