using System.Text;
using Gateway.Messages;

namespace Gateway.Log.MySql;

/// <summary>The statements of one history page.</summary>
internal static class PageQuery
{
    private const string Columns = "e.seq,e.bot_id,e.chat_id,e.kind,e.message_id,e.reply_to_id,e.created_at_ms,e.payload";

    /// <summary>Everything of the page is read from this one snapshot. The isolation holds for the next transaction only.</summary>
    public const string Begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY; ";

    public const string Head = "SELECT log_id, seq, created_at_ms FROM log_head WHERE id=1; ";

    public static bool IsFiltered(LogQuery query) => query.ChatIds is not null || query.BotIds is not null;

    /// <summary>Too many chats for one index range each: read in seq order and look at each row.</summary>
    public static bool IsScan(LogQuery query) =>
        IsFiltered(query) && (query.ChatIds?.Count ?? 0) + (query.BotIds?.Count ?? 0) > Limits.Log.MergedSelectors;

    public static bool MatchesNothing(LogQuery query) => IsFiltered(query) && query.ChatIds is not { Count: > 0 } && query.BotIds is not { Count: > 0 };

    public static void AppendFirstSeq(StringBuilder sql, long afterSeq) =>
        sql.Append("SELECT COALESCE(MIN(seq), 0) FROM events WHERE seq>").AppendNumber(afterSeq);

    public static void AppendRetained(StringBuilder sql, LogQuery query)
    {
        sql.Append("SELECT id, retained_from FROM bots WHERE retained_from>").AppendNumber(query.AfterSeq + 1);
        if (IsFiltered(query))
        {
            string or = " AND (";
            if (query.ChatIds is { Count: > 0 } chats)
            {
                sql.Append(or).Append("id IN (SELECT bot_id FROM chats WHERE id IN ").AppendList(chats).Append(')');
                or = " OR ";
            }

            if (query.BotIds is { Count: > 0 } bots)
            {
                sql.Append(or).Append("id IN ").AppendList(bots);
                or = " OR ";
            }

            sql.Append(or == " AND (" ? " AND (FALSE)" : ")");
        }

        sql.Append(" ORDER BY id; ");
    }

    /// <summary>At most <paramref name="count"/> matching events with <c>after &lt; seq &lt;= through</c>, in order.</summary>
    public static void AppendEvents(StringBuilder sql, LogQuery query, long after, long through, int count)
    {
        if (!IsFiltered(query) || IsScan(query))
        {
            sql.Append("SELECT ").Append(Columns).Append(" FROM events e FORCE INDEX (PRIMARY) WHERE ");
            AppendRange(sql, after, through);
            if (IsFiltered(query)) AppendFilter(sql, query);
            AppendLimit(sql, count);
            return;
        }

        sql.Append("SELECT ").Append(Columns).Append(" FROM (SELECT seq FROM (");
        string union = "";
        foreach (long chat in query.ChatIds ?? []) AppendIndexed(sql, ref union, "events_chat", "chat_id", chat, after, through, count);
        foreach (long bot in query.BotIds ?? []) AppendIndexed(sql, ref union, "events_bot", "bot_id", bot, after, through, count);
        sql.Append(") every");
        AppendLimit(sql, count);
        sql.Append(") page JOIN events e ON e.seq=page.seq ORDER BY e.seq");
    }

    private static void AppendIndexed(StringBuilder sql, ref string union, string index, string column, long id, long after, long through, int count)
    {
        sql.Append(union).Append("(SELECT seq FROM events FORCE INDEX (").Append(index).Append(") WHERE ").Append(column).Append('=').AppendNumber(id).Append(" AND ");
        AppendRange(sql, after, through);
        AppendLimit(sql, count);
        sql.Append(')');
        union = " UNION ";
    }

    private static void AppendFilter(StringBuilder sql, LogQuery query)
    {
        string or = " AND (";
        if (query.ChatIds is { Count: > 0 } chats)
        {
            sql.Append(or).Append("e.chat_id IN ").AppendList(chats);
            or = " OR ";
        }

        if (query.BotIds is { Count: > 0 } bots) sql.Append(or).Append("e.bot_id IN ").AppendList(bots);
        sql.Append(')');
    }

    private static void AppendRange(StringBuilder sql, long after, long through) =>
        sql.Append("seq>").AppendNumber(after).Append(" AND seq<=").AppendNumber(through);

    private static void AppendLimit(StringBuilder sql, int count) => sql.Append(" ORDER BY seq LIMIT ").AppendNumber(count);
}
