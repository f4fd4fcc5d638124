using Gateway.Log;
using Gateway.Log.Sqlite;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Log;
using Xunit;

namespace Gateway.Tests.Storage;

/// <summary>A log from before the two levels (schema 2, as its own SQL files make it), brought up to date.</summary>
public sealed class ChatTailMigrationTests : IAsyncLifetime
{
    private const int Chats = 7, Events = 1_400;

    private readonly SqliteFixture fixture = new();

    public async Task InitializeAsync()
    {
        foreach (var file in MigrationFiles.Of(SqliteDatabase.DialectName).Where(file => file.Version <= 2))
            await fixture.ExecuteAsync(file.Sql);
        // Every event of chat n % 7 (none for 0) is a message of its own Telegram id; each tenth has no unique one.
        await fixture.ExecuteAsync($"""
            CREATE TABLE schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name VARCHAR(128) NOT NULL, applied_at_ms BIGINT NOT NULL);
            INSERT INTO schema_migrations VALUES (1, 'log', 0), (2, 'access', 0);
            INSERT INTO log_head VALUES (1, 'oldlog00', {Events}, 5);
            INSERT INTO control_version (id, version) VALUES (1, 1);
            INSERT INTO chats (id, bot_id, telegram_chat_id, created_at_ms)
              WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Chats - 1}) SELECT i, 1, -i, 0 FROM n;
            INSERT INTO events (seq, bot_id, chat_id, kind, update_id, message_id, dedup_key, created_at_ms, payload)
              WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Events})
              SELECT i, 1, NULLIF(i % {Chats}, 0), 'message', i, NULLIF(i * (i % {Chats} > 0), 0), 'u:' || i, 5, x'7b7d' FROM n;
            INSERT INTO messages (id, bot_id, chat_id, telegram_id, unique_telegram_id, text, last_seq)
              SELECT seq, 1, chat_id, seq, CASE WHEN seq % 10 = 0 THEN NULL ELSE seq END, 'old', seq FROM events WHERE chat_id IS NOT NULL;
            """);
        var outcome = await new Migrator(fixture.Database, fixture.Time).MigrateAsync(default);
        Assert.True(outcome.IsReady, outcome.Reason);
        Assert.Equal(2, outcome.FromVersion);
    }

    public async Task DisposeAsync() => await fixture.DisposeAsync();

    [Fact]
    public async Task Migrate_FromSchema2_ReadsEveryChatAsBefore()
    {
        for (var chat = 1; chat < Chats; chat++)
        {
            var page = await fixture.Store.ReadPageAsync(new LogQuery(0) { ChatIds = [chat] }, default);
            Assert.Equal(Enumerable.Range(1, Events).Where(i => i % Chats == chat).Select(i => (long)i), page!.Events.Select(e => e.Seq));
        }

        Assert.Equal("0", await fixture.ScalarAsync("SELECT COUNT(*) FROM sqlite_master WHERE name IN ('events_chat', 'messages_identity')"));
    }

    [Fact]
    public async Task Migrate_FromSchema2_FindsTheMessagesAsBefore()
    {
        var batch = new CommitBatch([
            SampleUpdates.Message(5_001, 8, chat: -1),
            SampleUpdates.Message(5_002, 9, "new", chat: -2, kind: "edited_message", extra: ",\"edit_date\":1767225700"),
            SampleUpdates.Message(5_003, 10, chat: -3),
        ]);
        Assert.Equal(BatchOutcome.Committed, await fixture.Store.CommitAsync(batch, new LogPosition("", 0)));
        // The tenth had no unique id.
        Assert.Equal([8, 9, Events + 3], batch.Items.Select(item => item.MessageId));
        Assert.Equal("new", await fixture.ScalarAsync("SELECT text FROM messages WHERE id = 9"));
    }

    [Fact]
    public async Task ReadPage_AnEventWasErasedByHand_ClaimsNoMoreThanItLookedAt()
    {
        await fixture.ExecuteAsync($"DELETE FROM events WHERE seq = {Chats + 1}");
        var page = await fixture.Store.ReadPageAsync(new LogQuery(0) { ChatIds = [1], MaxEvents = 3 }, default);
        Assert.Equal([1L, (2 * Chats) + 1], page!.Events.Select(e => e.Seq));
        Assert.Equal((2 * Chats) + 1, page.ThroughSeq);
    }
}
