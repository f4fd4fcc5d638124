using Gateway.Log;
using Gateway.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Log;

public abstract partial class LogStoreSuite
{
    private const string ToService = """{"update_id":50,"message":{"message_id":90,"date":1,"chat":{"id":-42,"type":"group","title":"G"},"migrate_to_chat_id":-10042}}""";
    private const string FromService = """{"update_id":51,"message":{"message_id":1,"date":1,"chat":{"id":-10042,"type":"supergroup","title":"G"},"migrate_from_chat_id":-42}}""";

    private async Task<(Committing Committing, ChatMigration Migration, Task Loop)> StartMigrationAsync(CancellationToken stop)
    {
        var committing = new Committing(Store, Fixture.Time, migrationsOf: commits => new ChatMigration(Fixture.Database, Store, commits, Fixture.Time, NullLogger.Instance));
        var loop = committing.Migrations!.RunAsync(stop);
        await Task.Yield();
        return (committing, committing.Migrations!, loop);
    }

    private async Task AddGrantAsync(long key, long chat, int read, int send) =>
        await Fixture.ExecuteAsync($"INSERT INTO grants (principal_kind, principal_id, chat_id, can_read, can_send, can_manage, created_at_ms) VALUES (1, {key}, {chat}, {read}, {send}, 0, 0)");

    /// <summary>Linking and the next commit may meet at the chat's row, and the loser tries again after a pause: so the clock has to go on.</summary>
    private async Task<T> WithClockAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            Fixture.Time.Advance(Limits.Log.BackoffLeast);
            await Task.WhenAny(task, Task.Delay(Limits.Log.BackoffLeast, TimeProvider.System));
        }

        return await task;
    }

    [Theory]
    [InlineData(ToService, FromService)]
    [InlineData(FromService, ToService)]
    [InlineData(ToService, null)]
    [InlineData(FromService, null)]
    public async Task Migration_EitherServiceMessage_LinksChatsAndMergesGrants(string first, string? second)
    {
        var old = (await CommitAsync(SampleUpdates.Message(1, 1, chat: -42))).Items[0].ChatId;
        await AddGrantAsync(7, old, read: 1, send: 0);
        var version = long.Parse((await Fixture.ScalarAsync("SELECT version FROM control_version"))!, System.Globalization.CultureInfo.InvariantCulture);
        using var stop = new CancellationTokenSource();
        var (committing, _, loop) = await StartMigrationAsync(stop.Token);

        await WithClockAsync(committing.CommitAsync(SampleUpdates.Json(1, first).Update));
        if (second is not null) await WithClockAsync(committing.CommitAsync(SampleUpdates.Json(1, second).Update));
        var told = await WithClockAsync(committing.PublishedAsync(GatewayEventKinds.ChatMigrated));

        var link = (await Fixture.RowsAsync("SELECT id, migrated_from FROM chats WHERE telegram_chat_id = -10042")).Single();
        Assert.Equal(old.ToString(System.Globalization.CultureInfo.InvariantCulture), link[1]);
        Assert.Equal(link[0], await Fixture.ScalarAsync($"SELECT migrated_to FROM chats WHERE id = {old}"));
        Assert.Equal(["7", "1", "0"], (await Fixture.RowsAsync($"SELECT principal_id, can_read, can_send FROM grants WHERE chat_id = {link[0]}")).Single());
        Assert.Equal(link[0], told.ChatId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var payload = MigrationPayload.Read(told.Payload)!.Value;
        Assert.Equal((old, told.ChatId), (payload.FromChatId, payload.ToChatId));
        var earliest = await Fixture.ScalarAsync($"SELECT COALESCE(MIN(seq), 0) FROM events WHERE chat_id = {link[0]} AND seq < {told.Seq}");
        // Nothing of the new chat before: then it is the next seq after what the link saw.
        Assert.InRange(payload.FirstSeq, 2, earliest is "0" ? told.Seq : long.Parse(earliest!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((version + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), await Fixture.ScalarAsync("SELECT version FROM control_version"));
        await stop.CancelAsync();
        await loop;
        await committing.StopAsync();
        Assert.Equal("1", await Fixture.ScalarAsync("SELECT COUNT(*) FROM events WHERE kind = 'gateway.chat_migrated'"));
    }

    [Fact]
    public async Task Migration_BothChatsHaveGrants_TheNewOneHasTheUnionAndRevokedOnesStayRevoked()
    {
        var batch = await CommitAsync(SampleUpdates.Message(1, 1, chat: -42), SampleUpdates.Message(2, 1, chat: -10042));
        var (old, now) = (batch.Items[0].ChatId, batch.Items[1].ChatId);
        await AddGrantAsync(7, old, read: 1, send: 0);
        await AddGrantAsync(7, now, read: 0, send: 1);
        await AddGrantAsync(8, old, read: 1, send: 1);
        // What is pushed goes on with the group: to the one key it is new, the other has it already.
        await Fixture.ExecuteAsync($"INSERT INTO feedback_grants (key_id, chat_id, created_at_ms) VALUES (7, {old}, 0), (8, {old}, 0), (8, {now}, 0)");
        using var stop = new CancellationTokenSource();
        var (committing, migration, loop) = await StartMigrationAsync(stop.Token);

        Assert.Equal(CommitStatus.Stored, await migration.LinkAsync(1, -42, -10042, default));
        Assert.Equal(["7/1/1", "8/1/1"], (await Fixture.RowsAsync($"SELECT principal_id, can_read, can_send FROM grants WHERE chat_id = {now} ORDER BY principal_id")).Select(row => string.Join('/', row)));

        Assert.Equal(["7", "8"], (await Fixture.RowsAsync($"SELECT key_id FROM feedback_grants WHERE chat_id = {now} ORDER BY key_id")).Select(row => row[0]));
        await Fixture.ExecuteAsync($"DELETE FROM grants WHERE chat_id = {now} AND principal_id = 8");
        Assert.Equal(CommitStatus.Duplicate, await migration.LinkAsync(1, -42, -10042, default));
        Assert.Equal("1", await Fixture.ScalarAsync($"SELECT COUNT(*) FROM grants WHERE chat_id = {now}"));
        await stop.CancelAsync();
        await loop;
        await committing.StopAsync();
    }

    /// <summary>Told without where the new chat begins, its subscribers would never hear what they missed; so it is not told yet.</summary>
    [Fact]
    public async Task Migration_LogCannotBeRead_IsToldLater()
    {
        var committing = new Committing(Store, Fixture.Time);
        ChatMigration Reading(ILogStore store) => new(Fixture.Database, store, committing.Queue, Fixture.Time, NullLogger.Instance);

        Assert.Equal(CommitStatus.Unavailable, await Reading(new ScriptedStore { IsAway = true }).LinkAsync(1, -42, -10042, default));
        Assert.Equal("0", await Fixture.ScalarAsync("SELECT COUNT(*) FROM events WHERE kind = 'gateway.chat_migrated'"));
        Assert.Equal(CommitStatus.Stored, await Reading(Store).LinkAsync(1, -42, -10042, default));
        await committing.StopAsync();
    }

    [Fact]
    public async Task Migration_CrashBeforeLinking_IsDoneByTheNextStart()
    {
        await CommitAsync(SampleUpdates.Json(1, ToService));
        using var stop = new CancellationTokenSource();
        var (committing, _, loop) = await StartMigrationAsync(stop.Token);

        await committing.PublishedAsync(GatewayEventKinds.ChatMigrated);

        Assert.Equal("1", await Fixture.ScalarAsync("SELECT COUNT(*) FROM chats WHERE migrated_to IS NOT NULL"));
        await stop.CancelAsync();
        await loop;
        await committing.StopAsync();
    }

    /// <summary>The commit whose reply was lost is a duplicate when it is given again; its migration must be linked all the same.</summary>
    [Fact]
    public async Task Migration_CommitOfUnknownOutcome_IsLinkedWhenItTurnsOutToBeADuplicate()
    {
        using var stop = new CancellationTokenSource();
        var (committing, _, loop) = await StartMigrationAsync(stop.Token);
        // One migration through, so that the look back at the start is over.
        await committing.CommitAsync(SampleUpdates.Json(1, ToService).Update);
        await committing.PublishedAsync(GatewayEventKinds.ChatMigrated);
        var lost = SampleUpdates.Json(1, ToService.Replace("42", "77", StringComparison.Ordinal).Replace(":50,", ":52,", StringComparison.Ordinal));
        await using var other = Fixture.OpenAnother();
        Assert.Equal(BatchOutcome.Committed, await other.CommitAsync(new CommitBatch([lost]), NoFloor));

        Assert.Equal(CommitStatus.Duplicate, (await WithClockAsync(committing.CommitAsync(lost.Update))).Status);
        await WithClockAsync(committing.PublishedAsync(GatewayEventKinds.ChatMigrated));

        Assert.Equal("1", await Fixture.ScalarAsync("SELECT COUNT(*) FROM chats WHERE telegram_chat_id = -10077 AND migrated_from IS NOT NULL"));
        await stop.CancelAsync();
        await loop;
        await committing.StopAsync();
    }

    [Fact]
    public async Task Migration_DatabaseAwayAtTheStart_LooksBackWhenItIsThere()
    {
        await CommitAsync(SampleUpdates.Json(1, ToService));
        var heads = new ScriptedStore { IsAway = true };
        using var stop = new CancellationTokenSource();
        var committing = new Committing(Store, Fixture.Time, migrationsOf: commits => new ChatMigration(Fixture.Database, heads, commits, Fixture.Time, NullLogger.Instance));
        var loop = committing.Migrations!.RunAsync(stop.Token);
        heads.IsAway = false;
        var told = committing.PublishedAsync(GatewayEventKinds.ChatMigrated);
        while (!told.IsCompleted)
        {
            Fixture.Time.Advance(Limits.Log.BackoffMost);
            await Task.Yield();
        }

        await told;
        await stop.CancelAsync();
        await loop;
        await committing.StopAsync();
    }

    [Fact]
    public async Task Retention_Sweep_KeepsPerBotAndNeverBelow48Hours()
    {
        await AddBotAsync(1);
        await AddBotAsync(2);
        await AddBotAsync(3);
        await Fixture.ExecuteAsync("UPDATE bots SET retention_days = 90 WHERE id = 2");
        await Fixture.ExecuteAsync("UPDATE bots SET retention_days = 1 WHERE id = 3");
        await CommitAsync(SampleUpdates.Message(1, 1, bot: 1), SampleUpdates.Message(1, 1, bot: 2), SampleUpdates.Message(1, 1, bot: 3));
        Fixture.Time.Advance(TimeSpan.FromHours(47));
        var sweeper = new RetentionSweeper(Fixture.Database, Store, new RetentionOptions(TimeSpan.FromDays(30)), Fixture.Time, NullLogger.Instance);

        Assert.Equal(0, await SweepAsync(sweeper));
        Fixture.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await SweepAsync(sweeper));
        Fixture.Time.Advance(TimeSpan.FromDays(29));
        Assert.Equal(1, await SweepAsync(sweeper));

        Assert.Equal([2L], (await PageAsync(new LogQuery(0))).Events.Select(e => e.BotId));
    }

    [Fact]
    public async Task Retention_DiskLow_LetsTheOldestGoEarlyDownTo48Hours()
    {
        await AddBotAsync(1);
        await CommitAsync(SampleUpdates.Message(1, 1));
        Fixture.Time.Advance(TimeSpan.FromHours(49));
        await CommitAsync(SampleUpdates.Message(2, 2));
        long free = 1_000;
        var sweeper = new RetentionSweeper(
            Fixture.Database, Store, new RetentionOptions(TimeSpan.FromDays(30), "data", MinFreeBytes: 500), Fixture.Time, NullLogger.Instance, _ => free);

        Assert.Equal(0, await SweepAsync(sweeper));
        free = 499;
        Assert.Equal(1, await SweepAsync(sweeper));
        Assert.Equal([2], await SeqsAsync(new LogQuery(0)));
    }

    /// <summary>Turns the clock for the pauses between the steps.</summary>
    private async Task<int> SweepAsync(RetentionSweeper sweeper)
    {
        var sweep = sweeper.SweepAsync(default);
        while (!sweep.IsCompleted)
        {
            Fixture.Time.Advance(Limits.Log.RetentionPause);
            await Task.WhenAny(sweep, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System));
        }

        return await sweep;
    }
}
