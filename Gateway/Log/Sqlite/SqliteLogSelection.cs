using System.Text;
using Gateway.Messages;

namespace Gateway.Log.Sqlite;

/// <summary>
/// Which events of a page match its chats and bots. Few of them: one walk each (two for a chat, whose newest events may be in the tail),
/// merged, whatever lies between. Many: the log is walked in order and tested against the sets, for a bounded distance.
/// </summary>
internal static class SqliteLogSelection
{
    /// <summary>The matching seqs in order, and how far the search saw everything (null: to the end of what was asked).</summary>
    public static (List<long> Seqs, long? ReadThrough) Find(SqliteSession session, LogQuery query)
    {
        var limit = Math.Clamp(query.MaxEvents, 1, Limits.Log.PageEvents);
        var selectors = (query.ChatIds?.Count ?? 0) + (query.BotIds?.Count ?? 0);
        return selectors <= Limits.Log.MergedSelectors ? Merge(session, query, limit) : Scan(session, query, limit);
    }

    private static (List<long>, long?) Merge(SqliteSession session, LogQuery query, int limit)
    {
        var seqs = new List<long>();
        var (chats, bots) = (query.ChatIds ?? [], query.BotIds ?? []);
        if (chats.Count + bots.Count == 0) return (seqs, null);
        var select = session.Prepare(MergeSql(chats.Count, bots.Count)).Bind(1, query.AfterSeq).Bind(2, query.ThroughSeq).Bind(3, limit);
        var index = 4;
        foreach (var chat in chats) select.Bind(index++, chat);
        foreach (var bot in bots) select.Bind(index++, bot);
        while (select.Step()) seqs.Add(select.Int64(0));
        // Said, not left to the page being full: a seq whose event is gone (a row erased by hand) makes a page that is not, and it would
        // claim everything behind it.
        return (seqs, seqs.Count == limit ? seqs[^1] : null);
    }

    // UNION drops an event that is named by its chat and by its bot.
    private static string MergeSql(int chats, int bots)
    {
        var sql = new StringBuilder();
        for (var i = 0; i < chats + bots; i++)
        {
            if (i > 0) sql.Append(" UNION ");
            if (i < chats) AppendWalk(AppendWalk(sql, "chat_events", "chat_id", i + 4).Append(" UNION "), "chat_tail", "chat_id", i + 4);
            else AppendWalk(sql, "events", "bot_id", i + 4);
        }

        return sql.Append(" ORDER BY seq LIMIT ?3").ToString();
    }

    private static StringBuilder AppendWalk(StringBuilder sql, string table, string column, int parameter) =>
        sql.Append("SELECT seq FROM (SELECT seq FROM ").Append(table).Append(" WHERE ").Append(column).Append(" = ?").Append(parameter)
            .Append(" AND seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)");

    private static (List<long>, long?) Scan(SqliteSession session, LogQuery query, int limit)
    {
        var seqs = new List<long>();
        var (chats, bots) = (new HashSet<long>(query.ChatIds ?? []), new HashSet<long>(query.BotIds ?? []));
        var select = session.Prepare("SELECT seq, bot_id, chat_id FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3")
            .Bind(1, query.AfterSeq).Bind(2, query.ThroughSeq).Bind(3, Limits.Log.ScannedEvents);
        var (seen, last) = (0, query.AfterSeq);
        while (seqs.Count < limit && select.Step())
        {
            seen++;
            last = select.Int64(0);
            if (bots.Contains(select.Int64(1)) || chats.Contains(select.Int64(2))) seqs.Add(last);
        }

        select.Reset();
        return (seqs, seen == Limits.Log.ScannedEvents ? last : null);
    }
}
