using System.Text;
using Gateway.Storage;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>Reads messages: candidates from the chats' and bots' index over events (or from the full-text index), then the rows by primary key.</summary>
internal sealed class MySqlMessageReader(MySqlDatabase database)
{
    private const string Columns = "m.id, m.bot_id, m.chat_id, m.telegram_id, c.telegram_chat_id, m.direction, m.message_type, m.text, m.from_user_id, "
        + "m.thread_id, m.media_group_id, m.reply_to_id, m.date_s, m.edit_date_s, m.last_seq";

    public async Task<MessagePage> ReadAsync(MessageQuery query, CancellationToken cancellation)
    {
        await using var connection = await database.OpenPooledAsync(cancellation);
        var page = new MessagePageBuilder(query);
        while (page.NextCount > 0)
        {
            var candidates = await FindCandidatesAsync(connection, query, page.BeforeId, page.NextCount, cancellation);
            if (candidates.Count > 0) await ReadRowsAsync(connection, candidates, page.Add, cancellation);
            page.EndRound(candidates.Count, candidates.Count > 0 ? candidates[^1] : 0);
        }

        return page.Build();
    }

    public async Task<MessagePage> FindAsync(long messageId, CancellationToken cancellation)
    {
        await using var connection = await database.OpenPooledAsync(cancellation);
        var rows = new List<MessageRow>();
        await ReadRowsAsync(connection, [messageId], rows.Add, cancellation);
        return new(rows, null);
    }

    private static async Task<List<long>> FindCandidatesAsync(
        MySqlConnection connection, MessageQuery query, long beforeId, int count, CancellationToken cancellation)
    {
        var ids = new List<long>();
        if (CandidatesSql(query, beforeId, count) is not { } sql) return ids;
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        if (query.Search is { } search) command.Parameters.AddWithValue("@search", search.ToBooleanMode(query));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) ids.Add(reader.GetInt64(0));
        return MessageCandidates.Merge(ids, count);
    }

    /// <summary>Null: nothing is asked for. Numbers only; the search's text is a parameter.</summary>
    internal static string? CandidatesSql(MessageQuery query, long beforeId, int count)
    {
        var sql = new StringBuilder();
        if (query.Search is not null)
        {
            return sql.Append("SELECT message_id FROM message_texts FORCE INDEX (message_texts_terms) WHERE MATCH (terms) AGAINST (@search IN BOOLEAN MODE) AND message_id<").AppendNumber(beforeId)
                .Append(" ORDER BY message_id DESC LIMIT ").AppendNumber(count).ToString();
        }

        if (query.IsOfAll)
        {
            return sql.Append("SELECT id FROM messages FORCE INDEX (PRIMARY) WHERE id<").AppendNumber(beforeId)
                .Append(" ORDER BY id DESC LIMIT ").AppendNumber(count).ToString();
        }

        foreach (var chat in query.WalkedChats) AppendWalk(sql, "events_chat", "chat_id", chat, beforeId, count);
        foreach (var bot in query.BotIds ?? []) AppendWalk(sql, "events_bot", "bot_id", bot, beforeId, count);
        return sql.Length == 0 ? null : sql.ToString();
    }

    private static void AppendWalk(StringBuilder sql, string index, string column, long id, long beforeId, int count)
    {
        if (sql.Length > 0) sql.Append(" UNION ALL ");
        sql.Append("(SELECT seq FROM events FORCE INDEX (").Append(index).Append(") WHERE ").Append(column).Append('=').AppendNumber(id)
            .Append(" AND seq<").AppendNumber(beforeId).Append(" ORDER BY seq DESC LIMIT ").AppendNumber(count).Append(')');
    }

    private static async Task ReadRowsAsync(MySqlConnection connection, IReadOnlyList<long> ids, Action<MessageRow> take, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = new StringBuilder("SELECT ").Append(Columns).Append(" FROM messages m JOIN chats c ON c.id=m.chat_id WHERE m.id IN ")
            .AppendList(ids).Append(" ORDER BY m.id DESC").ToString();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) take(RowOf(reader));
    }

    private static MessageRow RowOf(MySqlDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2))
    {
        TelegramId = row.GetInt64(3),
        TelegramChatId = row.GetInt64(4),
        IsOutgoing = row.GetInt32(5) != 0,
        MessageType = Text(row, 6),
        Text = Text(row, 7),
        FromUserId = Number(row, 8),
        ThreadId = Number(row, 9),
        MediaGroupId = Text(row, 10),
        ReplyToId = Number(row, 11) ?? 0,
        DateSeconds = Number(row, 12),
        EditDateSeconds = Number(row, 13),
        LastSeq = row.GetInt64(14),
    };

    private static long? Number(MySqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static string? Text(MySqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
