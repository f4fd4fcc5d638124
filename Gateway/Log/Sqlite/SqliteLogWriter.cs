using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Log.Sqlite;

/// <summary>All that writes the log, on the one connection of the writer's thread. A fault closes it, and with it every id cached from a rolled back transaction.</summary>
internal sealed class SqliteLogWriter : IDisposable
{
    private readonly SqliteSession session;
    private readonly TimeProvider time;
    private readonly SqliteCheckpointer checkpointer;
    private readonly SqliteChatTail tail;
    private readonly SqliteEvents events;
    private readonly SqliteSearchIndex search;
    private readonly SqliteStatement begin;
    private readonly SqliteStatement commit;
    private readonly SqliteStatement readHead;
    private readonly SqliteStatement setHead;
    private string? logId;

    public SqliteLogWriter(string path, SqliteCheckpointer checkpointer, TimeProvider time, int chatTailRows)
    {
        this.time = time;
        this.checkpointer = checkpointer;
        session = new SqliteSession(path);
        try
        {
            session.Execute(SqlitePragmas.LogWriter);
            tail = new SqliteChatTail(session, chatTailRows);
            events = new SqliteEvents(session, tail);
            search = new SqliteSearchIndex(session);
            // Immediate: the write lock is SQLite's head lock.
            begin = session.Prepare("BEGIN IMMEDIATE");
            commit = session.Prepare("COMMIT");
            readHead = session.Prepare(SqliteLogReader.HeadSql);
            setHead = session.Prepare("UPDATE log_head SET log_id = ?1, seq = ?2, created_at_ms = ?3 WHERE id = 1");
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public BatchOutcome Commit(CommitBatch batch, LogPosition floor)
    {
        begin.Run();
        var head = ReadHead();
        if (Judge(head, floor) is var verdict && verdict != BatchOutcome.Committed)
        {
            session.TryRollback();
            // The file was replaced under us: ids learned from the old one may name other chats in this one.
            events.ForgetChats();
            tail.Forget();
            logId = null;
            return verdict;
        }

        tail.Refresh();
        var nowMs = NowMs(head);
        var seq = head.Seq;
        var items = batch.Items;
        for (var i = 0; i < items.Count; i++)
            if (events.Write(items[i], seq + 1, nowMs)) seq++;

        tail.Shrink();
        // Also when nothing is new: an empty commit is how the committer asks whether the database can be written.
        SetHead(head.LogId, seq, nowMs);
        commit.Run();
        checkpointer.AfterCommit(session);
        batch.Head = new LogHead(head.LogId, seq, nowMs);
        logId = head.LogId;
        return BatchOutcome.Committed;
    }

    /// <summary>Committed: go on. Another identity than at the last commit has a floor of its own, so the caller must look again.</summary>
    private BatchOutcome Judge(LogHead head, LogPosition floor)
    {
        if (head.LogId == floor.LogId) return head.Seq < floor.Seq ? BatchOutcome.HeadMovedBack : BatchOutcome.Committed;
        return logId is not null && logId == floor.LogId ? BatchOutcome.Retry : BatchOutcome.Committed;
    }

    public LogEvent? Reset(LogPosition floor)
    {
        begin.Run();
        var head = ReadHead();
        if (head.LogId != floor.LogId)
        {
            var first = LastReset(head);
            session.TryRollback();
            return first;
        }

        var nowMs = NowMs(head);
        var reset = LogReset.After(floor, head.Seq);
        session.Prepare("""
            INSERT INTO log_history (log_id, last_seq, seen_seq, ended_at_ms) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (log_id) DO UPDATE SET last_seq = MIN(last_seq, excluded.last_seq), seen_seq = MAX(seen_seq, excluded.seen_seq), ended_at_ms = excluded.ended_at_ms
            """).Bind(1, head.LogId).Bind(2, head.Seq).Bind(3, floor.Seq).Bind(4, nowMs).Run();
        session.Prepare("INSERT INTO events (seq, bot_id, kind, dedup_key, created_at_ms, payload) VALUES (?1, 0, ?2, ?3, ?4, ?5)")
            .Bind(1, reset.Seq).Bind(2, GatewayEventKinds.LogReset).Bind(3, reset.DedupKey).Bind(4, nowMs).BindBlob(5, reset.Payload).Run();
        SetHead(reset.LogId, reset.Seq, nowMs);
        commit.Run();
        return reset.ToEvent(nowMs);
    }

    public int DeleteExpired(long botId, long beforeUnixMs, int maxRows)
    {
        begin.Run();
        tail.Refresh();
        var expired = new List<(long Seq, long ChatId)>();
        // The length stands in the row's header: asking for it does not read the payload's pages.
        var select = session.Prepare("SELECT seq, created_at_ms, length(payload), chat_id FROM events WHERE bot_id = ?1 ORDER BY seq LIMIT ?2")
            .Bind(1, botId).Bind(2, maxRows);
        // created_at never decreases with seq, so the first young event ends it. At least one goes, however large.
        for (long bytes = 0; bytes < Limits.Log.RetentionStepBytes && select.Step() && select.Int64(1) < beforeUnixMs; bytes += select.Int64(2))
            expired.Add((select.Int64(0), select.Int64(3)));
        select.Reset();
        if (expired.Count > 0)
        {
            var deleteEvent = session.Prepare("DELETE FROM events WHERE seq = ?1");
            var deleteMessage = session.Prepare("DELETE FROM messages WHERE id = ?1 RETURNING unique_telegram_id");
            foreach (var (seq, chatId) in expired)
            {
                deleteEvent.Bind(1, seq).Run();
                var telegramId = deleteMessage.Bind(1, seq).Scalar();
                // Column chat_id of an event without a chat is NULL, read as 0.
                if (chatId != 0) tail.Delete(chatId, seq, telegramId);
                SqliteSearchIndex.Delete(session, seq);
            }

            session.Prepare("UPDATE bots SET retained_from = MAX(retained_from, ?2) WHERE id = ?1").Bind(1, botId).Bind(2, expired[^1].Seq + 1).Run();
        }

        commit.Run();
        checkpointer.AfterCommit(session);
        return expired.Count;
    }

    /// <summary>As <see cref="IMessageStore.WriteIndexAsync"/> says.</summary>
    public bool WriteIndex(IndexStep step)
    {
        var isOurs = search.Write(step);
        checkpointer.AfterCommit(session);
        return isOurs;
    }

    public void Dispose()
    {
        session.TryRollback();
        session.Dispose();
    }

    private LogEvent? LastReset(LogHead head)
    {
        var select = session.Prepare("SELECT seq, created_at_ms, payload FROM events WHERE bot_id = 0 AND kind = ?1 ORDER BY seq DESC LIMIT 1")
            .Bind(1, GatewayEventKinds.LogReset);
        var found = select.Step() ? new LogReset(head.LogId, select.Int64(0), select.Bytes(2).ToArray()).ToEvent(select.Int64(1)) : null;
        select.Reset();
        return found;
    }

    private LogHead ReadHead() => SqliteLogReader.HeadOf(readHead);

    private void SetHead(string logId, long seq, long nowMs) => setHead.Bind(1, logId).Bind(2, seq).Bind(3, nowMs).Run();

    // Never before the last commit's time, whatever the clock does: bisection by time needs it.
    private long NowMs(LogHead head) => Math.Max(time.GetUtcNow().ToUnixTimeMilliseconds(), head.CreatedAtMs);
}
