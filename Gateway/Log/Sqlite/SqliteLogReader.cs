using System.Text;
using Gateway.Messages;
using SQLitePCL;

namespace Gateway.Log.Sqlite;

/// <summary>All that reads the log, on one connection of a reader thread; one page per read transaction, so that the WAL can be checkpointed.</summary>
internal sealed class SqliteLogReader : IDisposable
{
    public const string HeadSql = "SELECT log_id, seq, created_at_ms FROM log_head WHERE id = 1";

    private const string EventColumns = "seq, bot_id, chat_id, kind, message_id, reply_to_id, created_at_ms, payload";

    private readonly SqliteSession session;

    public SqliteLogReader(string path)
    {
        session = new SqliteSession(path);
        Messages = new SqliteMessageReader(session);
    }

    public SqliteMessageReader Messages { get; }

    public static LogHead HeadOf(SqliteStatement select)
    {
        if (!select.Step()) throw new SqliteFault(raw.SQLITE_NOTADB, "log_head has no row");
        var head = new LogHead(select.Text(0), select.Int64(1), select.Int64(2));
        select.Reset();
        return head;
    }

    public LogHead ReadHead() => HeadOf(session.Prepare(HeadSql));

    public LogPage ReadPage(LogQuery query)
    {
        session.Execute("BEGIN");
        try
        {
            var head = ReadHead();
            var page = new PageBuilder(head, query);
            if (query.ChatIds is null && query.BotIds is null) ReadAll(page);
            else ReadMatching(page, SqliteLogSelection.Find(session, query));
            return page.Build(ReadRetained(query));
        }
        finally
        {
            session.TryRollback();
        }
    }

    public long FindSeqBefore(long unixMs)
    {
        var atOrBelow = session.Prepare("SELECT seq, created_at_ms FROM events WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1");
        long found = 0, low = 0, high = ReadHead().Seq;
        while (low < high)
        {
            var middle = low + (high - low + 1) / 2;
            var isThere = atOrBelow.Bind(1, middle).Step();
            var (seq, createdAtMs) = isThere ? (atOrBelow.Int64(0), atOrBelow.Int64(1)) : (0, 0);
            atOrBelow.Reset();
            if (isThere && createdAtMs >= unixMs)
            {
                high = Math.Min(middle, seq) - 1;
                continue;
            }

            found = seq;
            low = middle;
        }

        return found;
    }

    public void Dispose() => session.Dispose();

    private void ReadAll(PageBuilder page)
    {
        var select = session.Prepare($"SELECT {EventColumns} FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")
            .Bind(1, page.AfterSeq).Bind(2, page.ThroughSeq);
        while (!page.IsFull && select.Step()) page.Add(EventOf(select, page.LogId));
        select.Reset();
    }

    private void ReadMatching(PageBuilder page, (List<long> Seqs, long? ReadThrough) matching)
    {
        var select = session.Prepare($"SELECT {EventColumns} FROM events WHERE seq = ?1");
        foreach (var seq in matching.Seqs)
        {
            if (page.IsFull) return;
            if (select.Bind(1, seq).Step()) page.Add(EventOf(select, page.LogId));
            select.Reset();
        }

        if (!page.IsFull && matching.ReadThrough is { } through) page.StopAt(through);
    }

    private static LogEvent EventOf(SqliteStatement row, string logId)
    {
        var kind = KindOf(row.Bytes(3));
        var payload = row.Bytes(7).ToArray();
        return new LogEvent(logId, row.Int64(0), row.Int64(1), kind, payload, EventFacts.Parse(kind, payload))
        {
            ChatId = row.Int64(2),
            MessageId = row.Int64(4),
            ReplyToMessageId = row.Int64(5),
            CreatedAtMs = row.Int64(6),
        };
    }

    // Known kinds are one string for the whole process, not one per event.
    private static string KindOf(ReadOnlySpan<byte> utf8)
    {
        foreach (var name in UpdateKinds.Names)
            if (name.Length == utf8.Length && Ascii.Equals(utf8, name)) return name;
        return Encoding.UTF8.GetString(utf8);
    }

    private List<BotRetention> ReadRetained(LogQuery query)
    {
        var retained = new List<BotRetention>();
        var select = session.Prepare("SELECT id, retained_from FROM bots WHERE retained_from > ?1 + 1 ORDER BY id").Bind(1, query.AfterSeq);
        while (select.Step()) retained.Add(new(select.Int64(0), select.Int64(1)));
        if (retained.Count > 0 && (query.ChatIds is not null || query.BotIds is not null)) Narrow(retained, query);
        return retained;
    }

    private void Narrow(List<BotRetention> retained, LogQuery query)
    {
        var bots = new HashSet<long>(query.BotIds ?? []);
        var botOfChat = session.Prepare("SELECT bot_id FROM chats WHERE id = ?1");
        foreach (var chat in query.ChatIds ?? [])
            if (botOfChat.Bind(1, chat).Scalar() is { } bot) bots.Add(bot);
        retained.RemoveAll(entry => !bots.Contains(entry.BotId));
    }
}
