using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Storage;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlPrincipalsMigrationTests(MariaDbFixture server) : PrincipalsMigrationSuite
{
    private static readonly MigrationFile[] Old = [.. MigrationFiles.Of(MySqlDatabase.DialectName).Where(file => file.Version <= 2)];
    private static readonly MigrationFile[] New = [.. MigrationFiles.Of(MySqlDatabase.DialectName).Where(file => file.Version > 2)];

    private const string Shape =
        "SELECT CONCAT_WS(' ', table_name, column_name, ordinal_position, column_type, is_nullable, column_default, extra) FROM information_schema.columns "
        + "WHERE table_schema = DATABASE() UNION ALL SELECT CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name, non_unique, index_type) "
        + "FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1";

    private async Task<MySqlDatabase> OpenOldAsync()
    {
        var database = new MySqlDatabase(StorageUrl.TryParse(await server.CreateUrlAsync(), out _)!);
        await MakeOldAsync(database, Old);
        return database;
    }

    [Fact]
    public async Task Migrate_FromSchema2_KeepsUsersKeysAndRights()
    {
        await using var database = await OpenOldAsync();

        var outcome = await new Migrator(database, Time).MigrateAsync(CancellationToken.None);

        Assert.True(outcome.IsReady, outcome.Reason);
        Assert.Equal(2, outcome.FromVersion);
        await AssertKeptAsync(database);
    }

    /// <summary>MySQL commits each statement of a migration by itself, so a crash can leave it done up to any of them; the next start ends it.</summary>
    [Fact]
    public async Task Migrate_CutAfterEachStatement_IsEndedByTheNextStart()
    {
        await using var whole = await OpenOldAsync();
        Assert.True((await new Migrator(whole, Time).MigrateAsync(CancellationToken.None)).IsReady);
        var expected = await RowsAsync(whole, Shape);

        // As the migrator runs them, with its note after each file.
        var steps = New.SelectMany(file => file.Statements.Append(RecordOf(file))).ToArray();
        Assert.True(steps.Length > 20, $"{steps.Length} statements");
        for (var done = 1; done < steps.Length; done++)
        {
            await using var database = await OpenOldAsync();
            await ExecuteAsync(database, steps.Take(done));

            var outcome = await new Migrator(database, Time).MigrateAsync(CancellationToken.None);

            Assert.True(outcome.IsReady, $"cut after {steps[done - 1]}: {outcome.Reason}");
            await AssertKeptAsync(database);
            Assert.Equal(expected, await RowsAsync(database, Shape));
        }
    }
}
