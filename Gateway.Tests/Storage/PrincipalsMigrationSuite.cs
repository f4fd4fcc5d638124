using Gateway.Access;
using Gateway.Storage;
using Gateway.Tests.Log;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Storage;

/// <summary>A gateway's database from before users had roles of their own and grants could be a user's, brought up to date: nobody's rights change.</summary>
public abstract class PrincipalsMigrationSuite
{
    /// <summary>What an earlier gateway left: three users, four keys, rights on chats and bots.</summary>
    protected static readonly string[] OldRows =
    [
        "INSERT INTO log_head VALUES (1, 'oldlog00', 9, 5)",
        "INSERT INTO control_version (id, version) VALUES (1, 17)",
        "INSERT INTO users (id, name, role, password_hash, created_at_ms) VALUES (1, 'ada', 'admin', 'hash-a', 1), (2, 'otto', 'operator', 'hash-o', 2), (5, 'vera', 'viewer', 'hash-v', 3)",
        "INSERT INTO api_keys (id, name, hash, is_admin, scopes, expires_at_ms, revoked_at_ms, last_used_at_ms, created_at_ms) VALUES "
            + "(1, 'first', 'h1', 1, NULL, NULL, NULL, 4, 1), (2, 'orders', 'h2', 0, NULL, 9000000000000, NULL, NULL, 2), "
            + "(3, 'gone', 'h3', 0, NULL, NULL, 7, NULL, 3), (4, 'narrow', 'h4', 0, 'events:read messages:read', NULL, NULL, NULL, 4)",
        "INSERT INTO grants (id, key_id, chat_id, bot_id, can_read, can_send, can_manage, created_at_ms) VALUES "
            + "(1, 2, 11, NULL, 1, 0, 0, 1), (2, 2, 12, NULL, 1, 1, 1, 1), (4, 2, NULL, 3, 1, 0, 0, 1), (7, 4, 11, NULL, 0, 1, 0, 1), (8, 3, 11, NULL, 1, 0, 0, 1)",
    ];

    protected static FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    /// <summary>Roles, keys and rights are what they were.</summary>
    internal static async Task AssertKeptAsync(IDatabase database)
    {
        Assert.Equal(
            ["ada hash-a admin 0", "otto hash-o operator 0", "vera hash-v viewer 0"],
            await RowsAsync(database, "SELECT u.name, u.password_hash, r.name, u.is_disabled FROM users u JOIN user_roles x ON x.user_id = u.id JOIN roles r ON r.id = x.role_id ORDER BY u.id"));
        Assert.Equal(["oldlog00 9"], await RowsAsync(database, "SELECT log_id, seq FROM log_head"));

        var identities = Enumerable.Range(1, 4).Select(id => Identity.OfKey(id)).ToArray();
        var states = await new AccessStore(database, Time).ReadStatesAsync(identities, CancellationToken.None);
        Assert.NotNull(states);
        Assert.Equal(["first", "orders", "gone", "narrow"], identities.Select(each => states[each].Name));
        Assert.True(states[Identity.OfKey(1)].Grants.IsAdmin);
        Assert.Equal(Permission.All, states[Identity.OfKey(1)].Permissions);

        var orders = states[Identity.OfKey(2)];
        Assert.Equal(9_000_000_000_000, orders.ExpiresAtMs);
        Assert.True(orders.Permissions.HasFlag(Permission.EventsRead | Permission.MessagesSend));
        Assert.Equal((ChatRights.Read, ChatRights.All), (orders.Grants.Chats[11], orders.Grants.Chats[12]));
        Assert.Equal(ChatRights.Read, orders.Grants.Bots[3]);
        Assert.Null(orders.Grants.Threads);
        Assert.Null(orders.Grants.Feedback);

        var nowMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Equal([true, true, false, true], identities.Select(each => states[each].IsUsable(nowMs)));
        Assert.Equal(Permission.EventsRead | Permission.MessagesRead, states[Identity.OfKey(4)].Permissions);
        Assert.Equal(ChatRights.Send, states[Identity.OfKey(4)].Grants.Chats[11]);
        Assert.Equal(["1", "2", "4", "7", "8"], await RowsAsync(database, "SELECT id FROM grants ORDER BY id"));

        // The roles mean what the program says they mean.
        foreach (var (role, count) in ((string, int)[])[(Roles.Admin, PermissionNames.All.Count), (Roles.Operator, 11), (Roles.Viewer, 4)])
        {
            Assert.Equal([$"{count}"], await RowsAsync(database, $"SELECT COUNT(*) FROM role_permissions p JOIN roles r ON r.id = p.role_id WHERE r.name = '{role}'"));
        }
    }

    internal static async Task<string[]> RowsAsync(IDatabase database, string sql)
    {
        await using var connection = await database.OpenAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync())
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), System.Globalization.CultureInfo.InvariantCulture))));
        return [.. rows];
    }

    internal static async Task ExecuteAsync(IDatabase database, params IEnumerable<string> statements)
    {
        await using var connection = await database.OpenAsync(CancellationToken.None);
        foreach (var sql in statements)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>The schema of the given files as an earlier program left it.</summary>
    internal static async Task MakeOldAsync(IDatabase database, IReadOnlyCollection<MigrationFile> files)
    {
        await ExecuteAsync(database, "CREATE TABLE schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name VARCHAR(128) NOT NULL, applied_at_ms BIGINT NOT NULL)");
        foreach (var file in files)
        {
            await ExecuteAsync(database, database.Dialect == SqliteDatabase.DialectName ? [file.Sql] : file.Statements);
            await ExecuteAsync(database, RecordOf(file));
        }

        await ExecuteAsync(database, OldRows);
    }

    internal static string RecordOf(MigrationFile file) => $"INSERT INTO schema_migrations VALUES ({file.Version}, '{file.Name}', 0)";
}

public sealed class SqlitePrincipalsMigrationTests : PrincipalsMigrationSuite, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-principals-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Migrate_FromSchema3_KeepsUsersKeysAndRights()
    {
        await using var database = new SqliteDatabase(Path.Combine(folder.FullName, "gateway.db"));
        await MakeOldAsync(database, [.. MigrationFiles.Of(SqliteDatabase.DialectName).Where(file => file.Version <= 3)]);

        var outcome = await new Migrator(database, Time).MigrateAsync(CancellationToken.None);

        Assert.True(outcome.IsReady, outcome.Reason);
        Assert.Equal(3, outcome.FromVersion);
        await AssertKeptAsync(database);
    }
}
