using System.Data.Common;
using System.Globalization;
using System.Threading.Channels;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Log;

/// <summary>
/// A group became a supergroup and has a new Telegram id. Telegram says so twice, in the old chat (<c>migrate_to_chat_id</c>) and in the new
/// one (<c>migrate_from_chat_id</c>), in any order; either is enough. Links the two chats and takes the grants along, then tells the
/// log. Done behind the log, never in the commit: a group's migration must not delay other updates.
/// </summary>
internal sealed class ChatMigration(IDatabase database, ILogStore store, CommitQueue commits, TimeProvider time, ILogger logger)
{
    private readonly record struct Migration(long BotId, long FromTelegramId, long ToTelegramId);

    // Full: dropped here and found by the next start's look at recent service messages.
    private readonly Channel<Migration> inbox = Channel.CreateBounded<Migration>(
        new BoundedChannelOptions(Limits.Log.MigrationQueue) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Called for every update that is in the log; nearly all have no migration in them.</summary>
    public void Offer(IncomingUpdate update)
    {
        if (MigrationOf(update.BotId, update.Facts) is { } migration) inbox.Writer.TryWrite(migration);
    }

    /// <summary>First what a crash between commit and linking left behind, then what comes.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            List<Migration>? recent;
            for (var pause = Limits.Log.BackoffLeast; (recent = await TryReadRecentAsync(stop)) is null; pause = CommitAttempts.Next(pause)) await Task.Delay(pause, time, stop);
            foreach (var migration in recent) await LinkPersistentlyAsync(migration, stop);
            await foreach (var migration in inbox.Reader.ReadAllAsync(stop)) await LinkPersistentlyAsync(migration, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            CommitterLog.StageStopped(logger, nameof(ChatMigration));
        }
    }

    /// <summary>Links and tells; doing it again changes nothing. Throws <see cref="DbException"/> when the database is away.</summary>
    public async Task<CommitStatus> LinkAsync(long botId, long fromTelegramId, long toTelegramId, CancellationToken cancellation)
    {
        var (from, to, isTold) = await LinkRowsAsync(new(botId, fromTelegramId, toTelegramId), cancellation);
        if (isTold) return CommitStatus.Duplicate;
        if (await FindFirstSeqAsync(to, cancellation) is not { } firstSeq) return CommitStatus.Unavailable;
        var payload = new MigrationPayload(from, to, firstSeq).Encode();
        return (await commits.CommitGatewayEventAsync(GatewayEventKinds.ChatMigrated, botId, to, payload, KeyOf(from, to))).Status;
    }

    /// <summary>
    /// Where the new chat begins in the log; with nothing of it there yet, the next seq of all, so that what comes between now and the
    /// event is counted too. Null when the database does not answer. One walk of the chat's index.
    /// </summary>
    private async ValueTask<long?> FindFirstSeqAsync(long chatId, CancellationToken cancellation)
    {
        var page = await store.ReadPageAsync(new LogQuery(0) { ChatIds = [chatId], MaxEvents = 1 }, cancellation);
        return page is null ? null : page.Events.Count > 0 ? page.Events[0].Seq : page.Head.Seq + 1;
    }

    // Null when the database does not answer; there is no later look. Not through the inbox: full, it would let the same ones go at every start.
    private async Task<List<Migration>?> TryReadRecentAsync(CancellationToken stop)
    {
        try
        {
            if (await store.ReadHeadAsync(stop) is not { } head) return null;
            await using var connection = await database.OpenAsync(stop);
            await using var command = connection.CreateCommand();
            command.CommandText = """
                SELECT e.bot_id, e.payload FROM messages m JOIN events e ON e.seq = m.id
                WHERE m.id > @after AND m.message_type IN ('migrate_to_chat_id', 'migrate_from_chat_id') ORDER BY m.id
                """;
            command.AddParameter("@after", head.Seq - Limits.Log.MigrationLookBack);
            await using var reader = await command.ExecuteReaderAsync(stop);
            var recent = new List<Migration>();
            while (await reader.ReadAsync(stop))
                if (MigrationOf(reader.GetInt64(0), UpdateParser.Parse((byte[])reader.GetValue(1))) is { } migration) recent.Add(migration);
            return recent;
        }
        catch (DbException e)
        {
            CommitterLog.MigrationFailed(logger, e);
            return null;
        }
    }

    private async Task LinkPersistentlyAsync(Migration migration, CancellationToken stop)
    {
        for (var pause = Limits.Log.BackoffLeast; ; pause = CommitAttempts.Next(pause))
        {
            try
            {
                var status = await LinkAsync(migration.BotId, migration.FromTelegramId, migration.ToTelegramId, stop);
                if (status is CommitStatus.Stored or CommitStatus.Duplicate or CommitStatus.Refused or CommitStatus.ShuttingDown) return;
            }
            catch (DbException e)
            {
                CommitterLog.MigrationFailed(logger, e);
            }

            await Task.Delay(pause, time, stop);
        }
    }

    private async Task<(long From, long To, bool IsTold)> LinkRowsAsync(Migration migration, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await database.BeginWriteAsync(connection, cancellation);
        var rows = new ChatRows(connection, transaction, database, time);
        var from = await rows.FindOrAddAsync(migration.BotId, migration.FromTelegramId, cancellation);
        var to = await rows.FindOrAddAsync(migration.BotId, migration.ToTelegramId, cancellation);
        // The link is the mark that the grants were merged: a grant revoked on the new chat since must not come back.
        if (!await rows.IsLinkedAsync(from, to, cancellation))
        {
            var grants = await rows.MergeGrantsAsync(from, to, cancellation);
            await rows.LinkAsync(from, to, cancellation);
            CommitterLog.ChatMigrated(logger, migration.BotId, from, to, grants);
        }

        var isTold = await rows.HasEventAsync(migration.BotId, KeyOf(from, to), cancellation);
        await transaction.CommitAsync(cancellation);
        return (from, to, isTold);
    }

    private static Migration? MigrationOf(long botId, in UpdateFacts facts)
    {
        if (facts.Realm != RealmKind.Own || facts.TelegramChatId is not { } chat) return null;
        if (facts.MigrateToChatId is { } to) return new(botId, chat, to);
        return facts.MigrateFromChatId is { } from ? new(botId, from, chat) : null;
    }

    private static string KeyOf(long from, long to) => string.Create(CultureInfo.InvariantCulture, $"g:migrated:{from}:{to}");
}
