using Gateway.Log;
using Gateway.Log.Sqlite;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Log;

public sealed class SqliteLogStoreTests : LogStoreSuite
{
    [Fact]
    public async Task Commit_AnotherProcessHoldsTheWriteLock_IsRetry()
    {
        await using var connection = await Fixture.Database.OpenAsync(default);
        await using (await Fixture.Database.BeginWriteAsync(connection, default))
            Assert.Equal(BatchOutcome.Retry, await Store.CommitAsync(new CommitBatch([SampleUpdates.Message(1, 1)]), new LogPosition("", 0)));
        await CommitAsync(SampleUpdates.Message(1, 1));
    }

    [Fact]
    public async Task Store_NoDatabase_AnswersInsteadOfThrowing()
    {
        await using var store = new SqliteLogStore(Path.Combine(Path.GetTempPath(), "gateway-is-not-here", "gateway.db"), Fixture.Time);
        Assert.Equal(BatchOutcome.Unavailable, await store.CommitAsync(new CommitBatch([SampleUpdates.Message(1, 1)]), new LogPosition("", 0)));
        Assert.Null(await store.ReadHeadAsync(default));
        Assert.Null(await store.ReadPageAsync(new LogQuery(0), default));
        Assert.Null(await store.FindSeqBeforeAsync(0, default));
        Assert.Null(await store.ResetAsync(new LogPosition("a", 1)));
        Assert.Null(await store.DeleteExpiredAsync(1, 0, 1, default));
    }

    /// <summary>Regression: a full disk was told as "cannot be reached or written", and nothing said why.</summary>
    [Fact]
    public async Task Store_FaultOfTheEngine_IsToldOnceWithItsReason()
    {
        var log = new RecordedLog<SqliteLogStore>();
        await using var store = new SqliteLogStore(Path.Combine(Path.GetTempPath(), "gateway-is-not-here", "gateway.db"), Fixture.Time, log);
        for (var attempt = 0; attempt < 3; attempt++)
            Assert.Equal(BatchOutcome.Unavailable, await store.CommitAsync(new CommitBatch([SampleUpdates.Message(1, 1)]), new LogPosition("", 0)));
        Assert.Contains("unable to open database file", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    /// <summary>Regression: a step was bounded in rows only, and 500 large updates held the write lock for seconds.</summary>
    [Fact]
    public async Task DeleteExpired_LargeEvents_GoInStepsOfBytes()
    {
        var text = new string('x', 1024 * 1024 - 1024);
        for (var id = 1; id <= 10; id++) await CommitAsync(SampleUpdates.Message(id, id, text));
        var old = Fixture.Time.GetUtcNow().ToUnixTimeMilliseconds() + 1;

        // The fifth goes over the bound and still goes.
        Assert.Equal(5, await Store.DeleteExpiredAsync(1, old, Limits.Log.RetentionStep, default));
        Assert.Equal(5, await Store.DeleteExpiredAsync(1, old, Limits.Log.RetentionStep, default));
        Assert.Equal(0, await Store.DeleteExpiredAsync(1, old, Limits.Log.RetentionStep, default));
    }

    [Fact]
    public async Task Store_SchemaMissing_IsUnavailableAndNotTheUpdatesFault()
    {
        await Fixture.ExecuteAsync("ALTER TABLE messages RENAME TO elsewhere");
        Assert.Equal(BatchOutcome.Unavailable, await Store.CommitAsync(new CommitBatch([SampleUpdates.Message(1, 1)]), new LogPosition("", 0)));
    }

    [Theory]
    [InlineData(SQLitePCL.raw.SQLITE_BUSY, BatchOutcome.Retry)]
    [InlineData(SQLitePCL.raw.SQLITE_BUSY_SNAPSHOT, BatchOutcome.Retry)]
    [InlineData(SQLitePCL.raw.SQLITE_LOCKED, BatchOutcome.Retry)]
    [InlineData(SQLitePCL.raw.SQLITE_FULL, BatchOutcome.Unavailable)]
    [InlineData(SQLitePCL.raw.SQLITE_READONLY, BatchOutcome.Unavailable)]
    [InlineData(SQLitePCL.raw.SQLITE_IOERR_FSYNC, BatchOutcome.Unavailable)]
    [InlineData(SQLitePCL.raw.SQLITE_CORRUPT, BatchOutcome.Unavailable)]
    [InlineData(SQLitePCL.raw.SQLITE_TOOBIG, BatchOutcome.DataRefused)]
    [InlineData(SQLitePCL.raw.SQLITE_CONSTRAINT, BatchOutcome.DataRefused)]
    public void Fault_Code_HasItsOutcome(int code, object outcome) => Assert.Equal(outcome, new SqliteFault(code, "").Outcome);

    [Fact]
    public async Task Commit_Messages_AllocateLittlePerPair()
    {
        // Measured about 100 bytes; the ADO.NET command path is at 2.1 KB. Other tests allocate meanwhile, so the best of many counts.
        var best = long.MaxValue;
        for (var round = 0; round < 30; round++)
        {
            var batch = new CommitBatch(Enumerable.Range(0, 256).Select(i => SampleUpdates.Message(1 + round * 256 + i, 1 + round * 256 + i)).ToArray());
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await Store.CommitAsync(batch, new LogPosition("", 0));
            best = Math.Min(best, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.InRange(best / 256, 0, 200);
    }

    [Fact]
    public async Task Commit_WriteAheadLogFull_IsMovedIntoTheDatabaseAndStartedAgain()
    {
        var database = ((SqliteDatabase)Fixture.Database).Path;
        var id = 0;
        async Task WriteAsync(int bytes)
        {
            var facts = new UpdateFacts { Kind = UpdateKinds.Unparsed };
            var item = new CommitItem { Update = new IncomingUpdate(1, new byte[bytes], in facts), DedupKey = $"h:{++id}" };
            Assert.Equal(BatchOutcome.Committed, await Store.CommitAsync(new CommitBatch([item]), new LogPosition("", 0)));
        }

        // Nobody else copies: without the checkpointer the database file would stay as small as the migration left it.
        for (var mebibyte = 0; mebibyte < 20; mebibyte++) await WriteAsync(1 << 20);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (new FileInfo(database).Length < Limits.Log.CheckpointPages * 4096L) await WriteAsync(1).WaitAsync(patience.Token);
        // The next commits copy what was left and start the log again at its beginning: it grows by the first two of ten at most.
        var length = new FileInfo(database + "-wal").Length;
        for (var mebibyte = 0; mebibyte < 10; mebibyte++) await WriteAsync(1 << 20);
        Assert.InRange(new FileInfo(database + "-wal").Length, length, length + (3 << 20));
    }

    /// <summary>Streams that catch up leave no moment without a reader, and SQLite alone starts its log again only in such a moment.</summary>
    [Fact]
    public async Task Commit_ReadersWithoutAPause_WriteAheadLogStaysBounded()
    {
        var writeAheadLog = new FileInfo(((SqliteDatabase)Fixture.Database).Path + "-wal");
        using var done = new CancellationTokenSource();
        var reading = Task.Run(() => ReadWithoutAPause(done.Token));
        long largest = 0;
        const long writtenBytes = 3L * Limits.Log.WriteAheadPages * 4096;
        for (long bytes = 0, id = 1; bytes < writtenBytes; bytes += 4 << 20)
        {
            var items = new CommitItem[4];
            for (var i = 0; i < items.Length; i++, id++)
                items[i] = new CommitItem { Update = new IncomingUpdate(1, new byte[1 << 20], new UpdateFacts { Kind = UpdateKinds.Unparsed }), DedupKey = $"h:{id}" };
            Assert.Equal(BatchOutcome.Committed, await Store.CommitAsync(new CommitBatch(items), new LogPosition("", 0)));
            writeAheadLog.Refresh();
            largest = Math.Max(largest, writeAheadLog.Length);
        }

        await done.CancelAsync();
        await reading;
        // Over the bound by what is committed while a checkpoint runs, at most.
        Assert.InRange(largest, 0, writtenBytes * 2 / 3);
    }

    // Two connections by turns: each begins its read before the other ends.
    private void ReadWithoutAPause(CancellationToken done)
    {
        var path = ((SqliteDatabase)Fixture.Database).Path;
        using var first = new SqliteSession(path);
        using var second = new SqliteSession(path);
        SqliteSession[] sessions = [first, second];
        for (var turn = 0; !done.IsCancellationRequested; turn++)
        {
            var session = sessions[turn % 2];
            session.Execute("BEGIN");
            session.Prepare("SELECT seq FROM log_head").Scalar();
            sessions[(turn + 1) % 2].TryRollback();
        }
    }

    /// <summary>A page's cost must not grow with the events of other chats: each walk and look-up is by a key, and nothing is sorted or scanned.</summary>
    [Theory]
    [InlineData(SqliteMessageReader.ChatWalk, "SEARCH chat_events USING PRIMARY KEY (chat_id=? AND seq<?)")]
    [InlineData(SqliteMessageReader.TailWalk, "SEARCH chat_tail USING PRIMARY KEY (chat_id=? AND seq<?)")]
    [InlineData(SqliteMessageReader.BotWalk, "SEARCH events USING COVERING INDEX events_bot (bot_id=? AND seq<?)")]
    [InlineData(SqliteMessageReader.AllWalk, "SEARCH messages USING INTEGER PRIMARY KEY (rowid<?)")]
    [InlineData(SqliteMessageReader.Row, "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)")]
    public async Task Messages_EachStatement_ReadsByKey(string sql, params string[] steps)
    {
        foreach (var (parameter, value) in new[] { ("?1", "1"), ("?2", "5"), ("?3", "9") }) sql = sql.Replace(parameter, value, StringComparison.Ordinal);
        var plan = await Fixture.RowsAsync("EXPLAIN QUERY PLAN " + sql);
        Assert.Equal(steps, plan.Select(row => row[3]));
    }

    /// <summary>The index gives its hits in the order of the page, from the cursor on: nothing after it in the plan.</summary>
    [Fact]
    public async Task Search_Statement_IsOneWalkOfTheIndexInOrder()
    {
        var sql = SqliteMessageReader.SearchWalk.Replace("?1", "'wxa'", StringComparison.Ordinal).Replace("?2", "5", StringComparison.Ordinal).Replace("?3", "9", StringComparison.Ordinal);
        var step = Assert.Single(await Fixture.RowsAsync("EXPLAIN QUERY PLAN " + sql))[3]!;
        Assert.StartsWith("SCAN message_search VIRTUAL TABLE INDEX", step, StringComparison.Ordinal);
        // FTS5's plan text: M is the MATCH, < the bound on the rowid.
        Assert.EndsWith("M1<", step, StringComparison.Ordinal);
    }

    private protected override async Task<LogStoreFixture> OpenAsync()
    {
        var fixture = new SqliteFixture();
        var outcome = await new Migrator(fixture.Database, fixture.Time).MigrateAsync(default);
        Assert.True(outcome.IsReady, outcome.Reason);
        return fixture;
    }
}

internal sealed class SqliteFixture : LogStoreFixture
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-log-");
    private readonly SqliteDatabase database;
    private readonly SqliteLogStore store;

    public SqliteFixture()
    {
        database = new SqliteDatabase(Path.Combine(folder.FullName, StorageUrl.SqliteFileName));
        store = new SqliteLogStore(database.Path, Time);
    }

    public override IDatabase Database => database;

    public override ILogStore Store => store;

    public override IMessageStore Messages => store.Messages;

    public override ILogStore OpenAnother() => new SqliteLogStore(database.Path, Time);

    public override Task InstallTriggersAsync() => ExecuteAsync($"""
        CREATE TRIGGER poison_event BEFORE INSERT ON events WHEN NEW.update_id = {PoisonUpdateId} BEGIN SELECT RAISE(ABORT, 'poison'); END;
        CREATE TRIGGER poison_chat BEFORE INSERT ON chats WHEN NEW.telegram_chat_id = {PoisonChatId} BEGIN SELECT RAISE(ABORT, 'poison'); END;
        CREATE TRIGGER poison_message BEFORE INSERT ON messages WHEN NEW.telegram_id = {PoisonMessageId} BEGIN SELECT RAISE(ABORT, 'poison'); END;
        """);

    public override async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await database.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
