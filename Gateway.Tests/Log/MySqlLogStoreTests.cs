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
    /// <summary>A gateway frozen while it migrates a chat must cost the others no more than one frozen in a commit (law L6).</summary>
    [Fact]
    public async Task Commit_ControlTransactionFrozenOnItsChat_WaitsNoLongerThanForAFrozenCommit()
    {
        var chat = (await CommitAsync(SampleUpdates.Message(1, 1))).Items[0].ChatId;
        await using var frozen = await Fixture.Database.OpenAsync(default);
        await using var transaction = await Fixture.Database.BeginWriteAsync(frozen, default);
        await using var command = frozen.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"SELECT id FROM chats WHERE id = {chat} FOR UPDATE";
        await command.ExecuteScalarAsync();

        var started = TimeProvider.System.GetTimestamp();
        var renamed = SampleUpdates.Json(1, """{"update_id":2,"message":{"message_id":2,"date":1,"chat":{"id":-1001234,"type":"supergroup","title":"New"},"text":"x"}}""");
        var outcome = BatchOutcome.Retry;
        for (var i = 0; i < 10 && outcome == BatchOutcome.Retry; i++) outcome = await Store.CommitAsync(new CommitBatch([renamed]), new("", 0));

        Assert.Equal(BatchOutcome.Committed, outcome);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 5);
        Assert.Equal("New", await Fixture.ScalarAsync("SELECT title FROM chats"));
    }

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
    private readonly StorageUrl url;
    private readonly MySqlDatabase database;
    private readonly MySqlLogStore store;

    public MySqlFixture(StorageUrl url)
    {
        this.url = url;
        database = new MySqlDatabase(url);
        store = new MySqlLogStore(url, Time, NullLogger.Instance);
    }

    public override IDatabase Database => database;

    public override ILogStore Store => store;

    public override ILogStore OpenAnother() => new MySqlLogStore(url, Time, NullLogger.Instance);

    public override async Task InstallTriggersAsync()
    {
        await ExecuteAsync($"CREATE TRIGGER poison_event BEFORE INSERT ON events FOR EACH ROW IF NEW.update_id = {PoisonUpdateId} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF");
        await ExecuteAsync($"CREATE TRIGGER poison_message BEFORE INSERT ON messages FOR EACH ROW IF NEW.telegram_id = {PoisonMessageId} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF");
        await ExecuteAsync($"CREATE TRIGGER poison_chat BEFORE INSERT ON chats FOR EACH ROW IF NEW.telegram_chat_id = {PoisonChatId} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF");
    }

    public override async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await database.DisposeAsync();
    }
}
