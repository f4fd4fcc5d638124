using Gateway.Log;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Log;

/// <summary>Bounds beside the commit: the writer's memory of chats, migrations, retention.</summary>
public sealed class LogLimitTests : IAsyncLifetime
{
    private readonly SqliteFixture fixture = new();
    private readonly CancellationTokenSource stop = new();

    public async Task InitializeAsync()
    {
        var outcome = await new Migrator(fixture.Database, fixture.Time).MigrateAsync(default);
        Assert.True(outcome.IsReady, outcome.Reason);
        await fixture.ExecuteAsync(
            "INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms) VALUES (1, 100, x'00', x'00', x'00', x'00', 'webhook', 0)");
    }

    public async Task DisposeAsync()
    {
        await fixture.DisposeAsync();
        stop.Dispose();
    }

    [Fact]
    public async Task CachedChats_MoreThanAreKept_HaveTheIdsTheyHad()
    {
        var first = (await CommitAsync(1, id => SampleUpdates.Message(id, id, chat: -id))).Items[0].ChatId;
        await CommitAsync(Limits.Log.CachedChats + 1, id => SampleUpdates.Message(id, id, chat: -id));
        var again = (await CommitAsync(1, id => SampleUpdates.Message(id, id, chat: -1))).Items[0].ChatId;

        Assert.Equal(first, again);
        Assert.Equal($"{Limits.Log.CachedChats + 2}", await fixture.ScalarAsync("SELECT COUNT(*) FROM chats"));
    }

    [Fact]
    public async Task MigrationQueue_Full_LetsTheRestGo()
    {
        var committing = new Committing(fixture.Store, fixture.Time, migrationsOf: Migrations);
        for (var i = 1; i <= Limits.Log.MigrationQueue + 5; i++) committing.Migrations!.Offer(Service(i).Update);
        var loop = committing.Migrations!.RunAsync(stop.Token);
        for (var i = 1; i <= Limits.Log.MigrationQueue; i++) await committing.PublishedAsync(GatewayEventKinds.ChatMigrated);

        // In order, so one that is linked now was the next of the line.
        committing.Migrations!.Offer(Service(9_000).Update);
        await committing.PublishedAsync(GatewayEventKinds.ChatMigrated);
        Assert.Equal($"{Limits.Log.MigrationQueue + 1}", await fixture.ScalarAsync("SELECT COUNT(*) FROM chats WHERE migrated_to IS NOT NULL"));
        await EndAsync(committing, loop);
    }

    /// <summary>Regression: a start that found more unlinked migrations than the queue holds let the same ones go at every start.</summary>
    [Fact]
    public async Task Start_MoreMigrationsThanTheQueueHolds_LinksThemAll()
    {
        const int count = Limits.Log.MigrationQueue + 5;
        await CommitAsync(count, Service);
        var committing = new Committing(fixture.Store, fixture.Time, migrationsOf: Migrations);
        var loop = committing.Migrations!.RunAsync(stop.Token);
        for (var i = 0; i < count; i++) await committing.PublishedAsync(GatewayEventKinds.ChatMigrated);

        Assert.Equal($"{count}", await fixture.ScalarAsync("SELECT COUNT(*) FROM chats WHERE migrated_to IS NOT NULL"));
        await EndAsync(committing, loop);
    }

    [Fact]
    public async Task MigrationLookBack_FurtherBack_IsNotLookedFor()
    {
        await CommitAsync(2, Service);
        await CommitAsync((int)Limits.Log.MigrationLookBack - 1, id => SampleUpdates.Json(1, $$"""{"update_id":{{id}},"poll":{"id":"1"} }"""));
        var committing = new Committing(fixture.Store, fixture.Time, migrationsOf: Migrations);
        var loop = committing.Migrations!.RunAsync(stop.Token);

        // Of the two, only the second lies within it.
        await committing.PublishedAsync(GatewayEventKinds.ChatMigrated);
        Assert.Equal("-2", await fixture.ScalarAsync("SELECT telegram_chat_id FROM chats WHERE migrated_to IS NOT NULL"));
        await EndAsync(committing, loop);
    }

    [Fact]
    public async Task RetentionStep_MoreThanOne_PausesBetweenThem()
    {
        await CommitAsync(Limits.Log.RetentionStep + 1, id => SampleUpdates.Message(id, id));
        fixture.Time.Advance(TimeSpan.FromDays(40));
        var sweeping = Sweeper().SweepAsync(default);
        while (await fixture.ScalarAsync("SELECT COUNT(*) FROM events") != "1") await Task.Yield();
        Assert.False(sweeping.IsCompleted);

        while (!sweeping.IsCompleted)
        {
            fixture.Time.Advance(Limits.Log.RetentionPause);
            await Task.Yield();
        }

        Assert.Equal(Limits.Log.RetentionStep + 1, await sweeping);
    }

    [Fact]
    public async Task RetentionInterval_Over_TheExpiredIsLookedFor()
    {
        await CommitAsync(1, id => SampleUpdates.Message(id, id));
        var loop = Sweeper().RunAsync(stop.Token);
        fixture.Time.Advance(TimeSpan.FromDays(40));
        while (await fixture.ScalarAsync("SELECT COUNT(*) FROM events") != "0")
        {
            fixture.Time.Advance(Limits.Log.RetentionInterval);
            await Task.Yield();
        }

        await stop.CancelAsync();
        await loop;
    }

    /// <summary>A store that always has more to delete of what is past 48 hours: the turn ends all the same.</summary>
    [Fact]
    public async Task WatermarkEvents_MoreOnALowDisk_AreLeftToTheNextTurn()
    {
        var options = new RetentionOptions(TimeSpan.FromDays(30), "data", MinFreeBytes: 500);
        var endless = new EndlessStore(fixture.Store, fixture.Time.GetUtcNow().AddDays(-29).ToUnixTimeMilliseconds());
        var sweeping = new RetentionSweeper(fixture.Database, endless, options, fixture.Time, NullLogger.Instance, _ => 1).SweepAsync(default);
        while (!sweeping.IsCompleted)
        {
            fixture.Time.Advance(Limits.Log.RetentionPause);
            await Task.Yield();
        }

        Assert.Equal(Limits.Log.WatermarkEvents, await sweeping);
    }

    private ChatMigration Migrations(CommitQueue commits) => new(fixture.Database, fixture.Store, commits, fixture.Time, NullLogger.Instance);

    private RetentionSweeper Sweeper() => new(fixture.Database, fixture.Store, new RetentionOptions(TimeSpan.FromDays(30)), fixture.Time, NullLogger.Instance);

    private static CommitItem Service(int i) => SampleUpdates.Json(
        1, $$"""{"update_id":{{i}},"message":{"message_id":{{i}},"date":1,"chat":{"id":{{-i}},"type":"group","title":"G"},"migrate_to_chat_id":{{-1_000_000 - i}} } }""");

    private int nextId = 1;

    /// <summary>Commits this many in full batches; answers the last batch.</summary>
    private async Task<CommitBatch> CommitAsync(int count, Func<int, CommitItem> make)
    {
        CommitBatch batch = null!;
        for (var left = count; left > 0; left -= Limits.Log.BatchUpdates)
        {
            batch = new CommitBatch(Enumerable.Range(0, Math.Min(left, Limits.Log.BatchUpdates)).Select(_ => make(nextId++)).ToArray());
            Assert.Equal(BatchOutcome.Committed, await fixture.Store.CommitAsync(batch, new LogPosition("", 0)));
        }

        return batch;
    }

    private async Task EndAsync(Committing committing, Task loop)
    {
        await stop.CancelAsync();
        await loop;
        await committing.StopAsync();
    }

    private sealed class EndlessStore(ILogStore inner, long notBeforeMs) : ILogStore
    {
        public ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation) =>
            ValueTask.FromResult<int?>(beforeUnixMs < notBeforeMs ? 0 : maxRows);

        public ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation) => inner.ReadPageAsync(query, cancellation);

        public ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor) => inner.CommitAsync(batch, floor);

        public ValueTask<LogEvent?> ResetAsync(LogPosition floor) => inner.ResetAsync(floor);

        public ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation) => inner.ReadHeadAsync(cancellation);

        public ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation) => inner.FindSeqBeforeAsync(unixMs, cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
