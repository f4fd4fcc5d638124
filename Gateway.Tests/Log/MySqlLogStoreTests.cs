using Gateway.Log;
using Gateway.Log.MySql;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Log;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlLogStoreTests(MariaDbFixture server) : LogStoreSuite
{
    private protected override async Task<LogStoreFixture> OpenAsync()
    {
        var fixture = new MySqlFixture(StorageUrl.TryParse(await server.CreateUrlAsync(), out string reason) ?? throw new InvalidOperationException(reason));
        MigrationOutcome outcome = await new Migrator(fixture.Database, fixture.Time).MigrateAsync(default);
        Assert.True(outcome.IsReady, outcome.Reason);
        return fixture;
    }
}

internal sealed class MySqlFixture : LogStoreFixture
{
    private readonly StorageUrl _url;
    private readonly MySqlDatabase _database;
    private readonly MySqlLogStore _store;

    public MySqlFixture(StorageUrl url)
    {
        _url = url;
        _database = new MySqlDatabase(url);
        _store = new MySqlLogStore(url, Time, NullLogger.Instance);
    }

    public override IDatabase Database => _database;

    public override ILogStore Store => _store;

    public override ILogStore OpenAnother() => new MySqlLogStore(_url, Time, NullLogger.Instance);

    public override async Task InstallTriggersAsync()
    {
        await ExecuteAsync($"CREATE TRIGGER poison_event BEFORE INSERT ON events FOR EACH ROW IF NEW.update_id = {PoisonUpdateId} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF");
        await ExecuteAsync($"CREATE TRIGGER poison_message BEFORE INSERT ON messages FOR EACH ROW IF NEW.telegram_id = {PoisonMessageId} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF");
    }

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _database.DisposeAsync();
    }
}
