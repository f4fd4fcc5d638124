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

    /// <summary>A page's cost must not grow with the events of other chats.</summary>
    [Fact]
    public async Task Messages_EachStatement_ReadsByIndex()
    {
        for (var batch = 0; batch < 4; batch++)
            await CommitAsync([.. Enumerable.Range(1 + batch * 500, 500).Select(i => SampleUpdates.Message(i, i, "word", bot: 1 + i % 2, chat: -1 - i % 50))]);
        await Fixture.ExecuteAsync("ANALYZE TABLE events, messages");
        async Task<List<(string? Type, string? Key, string? Extra)>> PlanAsync(MessageQuery query) =>
            [.. (await Fixture.RowsAsync("EXPLAIN " + MySqlMessageReader.CandidatesSql(query, 1500, 51)!.Replace("@search", "'+wxword'", StringComparison.Ordinal)))
                .Select(row => (row[3], row[5], row[9]))];

        foreach (var query in new[] { new MessageQuery(0, 50) { ChatIds = [3] }, new MessageQuery(0, 50) { BotIds = [1] } })
        {
            var (type, key, extra) = Assert.Single(await PlanAsync(query));
            Assert.Equal(("range", query.ChatIds is null ? "events_bot" : "events_chat"), (type, key));
            Assert.Contains("Using index", extra, StringComparison.Ordinal);
            Assert.DoesNotContain("filesort", extra, StringComparison.Ordinal);
        }

        Assert.Equal("PRIMARY", Assert.Single(await PlanAsync(new MessageQuery(0, 50))).Key);
        Assert.Equal("fulltext", Assert.Single(await PlanAsync(new MessageQuery(0, 50) { Search = SearchQuery.TryParse("word", out _) })).Type);
    }

    /// <summary>Several gateways index one log: who finds the cursor taken leaves the step to the other one.</summary>
    [Fact]
    public async Task WriteIndex_CursorHeldByAnother_IsLeftToIt()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "word"));
        await using var other = await Fixture.Database.OpenAsync(default);
        await using (var transaction = await Fixture.Database.BeginWriteAsync(other, default))
        {
            await using var command = other.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "SELECT seq FROM search_cursor WHERE id=1 FOR UPDATE";
            await command.ExecuteScalarAsync();
            Assert.False(await Fixture.Messages.WriteIndexAsync(new IndexStep(0, 1, []), default));
        }

        Assert.True(await Fixture.Messages.WriteIndexAsync(new IndexStep(0, 1, []), default));
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

    public override IMessageStore Messages => store.Messages;

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
