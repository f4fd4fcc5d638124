using System.Text;
using Gateway.Messages;
using Gateway.Storage;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>The full-text index. Any number of gateways may run the indexer: whoever has the cursor's row works, the others find it taken.</summary>
internal sealed class MySqlSearchIndex(MySqlDatabase database)
{
    // Newest content only: a message that is edited later is met again at its edit's seq.
    private const string TextsSql = """
        SELECT e.seq, m.id, m.bot_id, m.chat_id, m.text, m.thread_id
        FROM (SELECT seq, message_id FROM events FORCE INDEX (PRIMARY) WHERE seq > @after ORDER BY seq LIMIT @events) e
        LEFT JOIN messages m ON m.id = e.message_id AND m.last_seq = e.seq ORDER BY e.seq
        """;

    public async Task<UnindexedTexts?> ReadUnindexedAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenPooledAsync(cancellation);
        // The head is read first: what is committed after it may be in the rows below, but nothing up to it can be missing.
        var head = await NumberAsync(connection, null, "SELECT seq FROM log_head WHERE id=1", cancellation) ?? 0;
        var cursor = await NumberAsync(connection, null, "SELECT seq FROM search_cursor WHERE id=1", cancellation) ?? 0;
        await using var command = connection.CreateCommand();
        command.CommandText = TextsSql;
        command.Parameters.AddWithValue("@after", cursor > head ? 0 : cursor);
        command.Parameters.AddWithValue("@events", Limits.Search.StepEvents);
        var texts = new List<UnindexedText>();
        var (through, events, characters) = (0L, 0, 0);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (characters < Limits.Search.StepCharacters && await row.ReadAsync(cancellation))
        {
            events++;
            through = row.GetInt64(0);
            if (row.IsDBNull(1)) continue;
            var text = row.IsDBNull(4) ? null : row.GetString(4);
            characters += text?.Length ?? 0;
            texts.Add(new(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.IsDBNull(5) ? 0 : row.GetInt64(5), text, row.GetInt64(1) != through));
        }

        var isEnd = characters < Limits.Search.StepCharacters && events < Limits.Search.StepEvents;
        return new(cursor, isEnd ? Math.Max(head, through) : through, head, texts);
    }

    public async Task<bool> WriteAsync(IndexStep step, CancellationToken cancellation)
    {
        await using var connection = await database.OpenPooledAsync(cancellation);
        await using var transaction = (MySqlTransaction)await database.BeginWriteAsync(connection, cancellation);
        var cursor = await NumberAsync(connection, transaction, "SELECT seq FROM search_cursor WHERE id=1 FOR UPDATE SKIP LOCKED", cancellation);
        if (cursor != step.Cursor) return false;

        var sql = new StringBuilder();
        AppendTexts(sql, await ExistingAsync(connection, transaction, step.Messages, cancellation), step.Messages);
        AppendDeletes(sql, step.Messages);
        sql.Append("UPDATE search_cursor SET seq=").AppendNumber(step.ThroughSeq).Append(" WHERE id=1");
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql.ToString();
        await command.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    // Those that retention left. One that it deletes between this look and our commit stays behind unseen, and goes with its bot's next deletion.
    private static async Task<HashSet<long>> ExistingAsync(
        MySqlConnection connection, MySqlTransaction transaction, IReadOnlyList<IndexedMessage> messages, CancellationToken cancellation)
    {
        var existing = new HashSet<long>();
        if (messages.Count == 0) return existing;
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = new StringBuilder("SELECT id FROM messages WHERE id IN ").AppendList(messages.Select(message => message.MessageId)).ToString();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) existing.Add(reader.GetInt64(0));
        return existing;
    }

    private static void AppendTexts(StringBuilder sql, HashSet<long> existing, IReadOnlyList<IndexedMessage> messages)
    {
        var start = sql.Length;
        foreach (var message in messages)
        {
            if (message.Terms.Length == 0 || !existing.Contains(message.MessageId)) continue;
            sql.Append(sql.Length == start ? "REPLACE INTO message_texts (message_id, bot_id, chat_id, terms) VALUES (" : ",(").AppendNumber(message.MessageId)
                .Append(',').AppendNumber(message.BotId).Append(',').AppendNumber(message.ChatId).Append(',').AppendLiteral(message.Terms).Append(')');
        }

        if (sql.Length > start) sql.Append("; ");
    }

    private static void AppendDeletes(StringBuilder sql, IReadOnlyList<IndexedMessage> messages)
    {
        var gone = messages.Where(message => message.Terms.Length == 0).Select(message => message.MessageId).ToList();
        if (gone.Count > 0) sql.Append("DELETE FROM message_texts WHERE message_id IN ").AppendList(gone).Append("; ");
    }

    private static async Task<long?> NumberAsync(MySqlConnection connection, MySqlTransaction? transaction, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancellation) is long value ? value : null;
    }
}
