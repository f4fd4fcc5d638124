using System.Data;
using System.Text;
using Gateway.Messages;
using Gateway.Storage;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>Reads of the log through the pool. A page is one read-only snapshot: its head, its events and what retention took belong together.</summary>
internal sealed class MySqlHistory(MySqlDatabase database)
{
    public async ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation)
    {
        await using MySqlConnection connection = await database.OpenPooledAsync(cancellation);
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = PageQuery.Head;
        await using MySqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? HeadOf(reader) : null;
    }

    public async ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation)
    {
        await using MySqlConnection connection = await database.OpenPooledAsync(cancellation);
        try
        {
            return await new PageReader(connection, query).ReadAsync(cancellation);
        }
        finally
        {
            // The session goes back to the pool; a snapshot left open would hold back the server's purge. A broken one is not pooled.
            if (connection.State == ConnectionState.Open)
            {
                await using MySqlCommand command = connection.CreateCommand();
                command.CommandText = "COMMIT";
                await command.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
    }

    public async ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation)
    {
        if (await ReadHeadAsync(cancellation) is not { } head) return null;
        await using MySqlConnection connection = await database.OpenPooledAsync(cancellation);
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = "SELECT seq, created_at_ms FROM events WHERE seq<=@through ORDER BY seq DESC LIMIT 1";
        MySqlParameter through = command.Parameters.Add("@through", MySqlDbType.Int64);

        // The largest x in low…high for which the last event at or below x is missing or early enough.
        (long low, long high, long found) = (0, head.Seq, 0);
        while (low < high)
        {
            long middle = low + ((high - low + 1) / 2);
            through.Value = middle;
            await using MySqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
            bool isThere = await reader.ReadAsync(cancellation);
            if (isThere && reader.GetInt64(1) >= unixMs)
            {
                high = Math.Max(reader.GetInt64(0) - 1, low);
                continue;
            }

            low = middle;
            if (isThere) found = reader.GetInt64(0);
        }

        return found;
    }

    internal static LogHead HeadOf(MySqlDataReader row) => new(row.GetString(0), row.GetInt64(1), row.GetInt64(2));
}
