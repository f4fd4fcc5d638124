using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Storage;

public sealed class MigratorTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-migrator-");
    private readonly FakeTimeProvider time = new();

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Migrate_EmptyDatabase_SeedsHeadAndControlVersion()
    {
        await using var database = Open();
        var outcome = await new Migrator(database, time).MigrateAsync(default);

        Assert.True(outcome.IsReady, outcome.Reason);
        Assert.Equal(0, outcome.FromVersion);
        Assert.Matches("^[a-z0-9]{8}$", await TextAsync(database, "SELECT log_id FROM log_head WHERE id = 1 AND seq = 0"));
        Assert.Equal("1", await TextAsync(database, "SELECT version FROM control_version WHERE id = 1"));
    }

    [Fact]
    public async Task Migrate_Again_ChangesNothing()
    {
        await using var database = Open();
        await new Migrator(database, time).MigrateAsync(default);
        var logId = await TextAsync(database, "SELECT log_id FROM log_head");

        var again = await new Migrator(database, time).MigrateAsync(default);

        Assert.Equal(0, again.Applied);
        Assert.Equal(logId, await TextAsync(database, "SELECT log_id FROM log_head"));
    }

    [Fact]
    public async Task Migrate_NewerSchema_Refuses()
    {
        await using var database = Open();
        var migrator = new Migrator(database, time);
        await migrator.MigrateAsync(default);
        await TextAsync(database, "INSERT INTO schema_migrations VALUES (9999, 'from_the_future', 0)");

        var outcome = await migrator.MigrateAsync(default);

        Assert.Equal(MigrationStatus.SchemaTooNew, outcome.Status);
        Assert.Contains("9999", outcome.Reason);
    }

    [Fact]
    public async Task Migrate_SeveralAtOnce_OneAppliesAndAllAreReady()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            await using var database = Open();
            return await new Migrator(database, time).MigrateAsync(default);
        })));

        Assert.All(outcomes, outcome => Assert.True(outcome.IsReady, outcome.Reason));
        Assert.Single(outcomes, outcome => outcome.Applied > 0);
    }

    [Fact]
    public async Task Migrate_FolderMissing_IsUnavailable()
    {
        await using var database = new SqliteDatabase(Path.Combine(folder.FullName, "missing", "gateway.db"));
        Assert.Equal(MigrationStatus.Unavailable, (await new Migrator(database, time).MigrateAsync(default)).Status);
    }

    [Fact]
    public async Task Open_Connection_WritesDurably()
    {
        await using var database = Open();
        Assert.Equal("wal", await TextAsync(database, "PRAGMA journal_mode"));
        Assert.Equal("2", await TextAsync(database, "PRAGMA synchronous"));
    }

    /// <summary>SQLite's own wait: the bound is what it is told, and a lock that is given back within it costs nobody anything.</summary>
    [Fact]
    public async Task Write_AnotherHoldsTheLock_IsWaitedForWithinTheBound()
    {
        await using var database = Open();
        await using var first = await database.OpenAsync(default);
        await using var second = (SqliteConnection)await database.OpenAsync(default);
        Assert.Equal(Limits.Storage.SqliteBusy, TimeSpan.FromSeconds(second.DefaultTimeout));
        var held = await database.BeginWriteAsync(first, default);
        var waiting = Task.Run(async () => await (await database.BeginWriteAsync(second, default)).DisposeAsync());
        Assert.False(waiting.IsCompleted);

        await held.DisposeAsync();
        await waiting.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private SqliteDatabase Open() => new(Path.Combine(folder.FullName, "gateway.db"));

    private static async Task<string?> TextAsync(SqliteDatabase database, string sql)
    {
        await using var connection = await database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
