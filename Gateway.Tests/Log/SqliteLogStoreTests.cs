using Gateway.Log;
using Gateway.Log.Sqlite;
using Gateway.Storage;

namespace Gateway.Tests.Log;

public sealed class SqliteLogStoreTests : LogStoreSuite
{
    private protected override async Task<LogStoreFixture> OpenAsync()
    {
        var fixture = new SqliteFixture();
        var outcome = await new Migrator(fixture.Database, fixture.Time).MigrateAsync(default);
        Xunit.Assert.True(outcome.IsReady, outcome.Reason);
        return fixture;
    }
}

internal sealed class SqliteFixture : LogStoreFixture
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-log-");
    private readonly SqliteDatabase _database;
    private readonly SqliteLogStore _store;

    public SqliteFixture()
    {
        _database = new SqliteDatabase(Path.Combine(_folder.FullName, StorageUrl.SqliteFileName));
        _store = new SqliteLogStore(_database.Path, Time);
    }

    public override IDatabase Database => _database;

    public override ILogStore Store => _store;

    public override ILogStore OpenAnother() => new SqliteLogStore(_database.Path, Time);

    public override Task InstallTriggersAsync() => ExecuteAsync($"""
        CREATE TRIGGER poison_event BEFORE INSERT ON events WHEN NEW.update_id = {PoisonUpdateId} BEGIN SELECT RAISE(ABORT, 'poison'); END;
        CREATE TRIGGER poison_message BEFORE INSERT ON messages WHEN NEW.telegram_id = {PoisonMessageId} BEGIN SELECT RAISE(ABORT, 'poison'); END;
        """);

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
