using System.Text;
using Gateway.Storage;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>Deletes a bot's oldest events in small transactions, each one request: no client can freeze while it holds their locks.</summary>
internal sealed class MySqlRetention(MySqlDatabase database)
{
    public async ValueTask<int> DeleteAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation)
    {
        await using MySqlConnection connection = await database.OpenPooledAsync(cancellation);
        (long lastSeq, int count) = await FindAsync(connection, botId, beforeUnixMs, maxRows, cancellation);
        if (count == 0) return 0;

        var sql = new StringBuilder("BEGIN; UPDATE bots SET retained_from=").AppendNumber(lastSeq + 1)
            .Append(" WHERE id=").AppendNumber(botId).Append(" AND retained_from<=").AppendNumber(lastSeq)
            .Append("; DELETE m FROM messages m JOIN events e ON e.seq=m.id WHERE e.bot_id=").AppendNumber(botId).Append(" AND e.seq<=").AppendNumber(lastSeq)
            .Append("; DELETE FROM message_texts WHERE bot_id=").AppendNumber(botId).Append(" AND message_id<=").AppendNumber(lastSeq)
            .Append("; DELETE FROM events WHERE bot_id=").AppendNumber(botId).Append(" AND seq<=").AppendNumber(lastSeq).Append("; COMMIT");
        try
        {
            await ExecuteAsync(connection, sql.ToString(), cancellation);
        }
        catch (MySqlException) when (connection.State == System.Data.ConnectionState.Open)
        {
            // The session goes back to the pool: without this it would take the half-done transaction along.
            await ExecuteAsync(connection, "ROLLBACK", CancellationToken.None);
            throw;
        }

        return count;
    }

    private static async ValueTask<(long LastSeq, int Count)> FindAsync(
        MySqlConnection connection, long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation)
    {
        await using MySqlCommand command = connection.CreateCommand();
        // Times never decrease with seq, so the oldest rows are the first ones: no index on the time is needed.
        command.CommandText = "SELECT COALESCE(MAX(seq), 0), COUNT(*) FROM (SELECT seq, created_at_ms FROM events FORCE INDEX (events_bot) "
            + "WHERE bot_id=@bot ORDER BY seq LIMIT @rows) oldest WHERE created_at_ms < @before";
        command.Parameters.AddWithValue("@bot", botId);
        command.Parameters.AddWithValue("@rows", maxRows);
        command.Parameters.AddWithValue("@before", beforeUnixMs);
        await using MySqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return (reader.GetInt64(0), reader.GetInt32(1));
    }

    private static async ValueTask ExecuteAsync(MySqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
