using System.Text;
using Gateway.Messages;
using Gateway.Storage;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>
/// The committer's own connection. Inside a transaction the server closes it after 2 s of silence, so that a frozen process
/// cannot hold the head lock; between transactions it may idle. Both switches ride on requests that are sent anyway.
/// </summary>
internal sealed class MySqlCommitSession : IAsyncDisposable
{
    private static readonly string LockHead =
        MySqlSession.WaitTimeout(Limits.Storage.MySqlFrozen) + "BEGIN; SELECT log_id, seq, created_at_ms FROM log_head WHERE id=1 FOR UPDATE";

    private static readonly string CommitAndIdle = "COMMIT; " + MySqlSession.WaitTimeout(Limits.Storage.MySqlCommitterIdle);

    private readonly MySqlConnection connection;
    private readonly StringBuilder closing = new();

    private MySqlCommitSession(MySqlConnection connection)
    {
        this.connection = connection;
        Events = new MultiRowInsert(connection, EventRows.Table, EventRows.Columns);
        Messages = new MultiRowInsert(connection, MessageRows.Table, MessageRows.Columns);
    }

    public MultiRowInsert Events { get; }

    public MultiRowInsert Messages { get; }

    /// <summary>Statements to send with the commit, in the same request; each ends with a semicolon. Cleared by every begin.</summary>
    public StringBuilder Closing => closing;

    public static async ValueTask<MySqlCommitSession> OpenAsync(MySqlDatabase database)
    {
        MySqlConnection connection = database.CreateOwn();
        try
        {
            await connection.OpenAsync();
            var session = new MySqlCommitSession(connection);
            await session.ExecuteAsync(MySqlSession.SetUp);
            return session;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins a transaction and locks the head; null when the log has no head (the schema was never put in place).</summary>
    public ValueTask<LogHead?> BeginAsync() => LockAsync(LockHead);

    /// <summary>Rolls back and begins again, in one request.</summary>
    public ValueTask<LogHead?> BeginAgainAsync() => LockAsync("ROLLBACK; " + LockHead);

    /// <summary>Sends the closing statements, the new head and COMMIT as one request.</summary>
    public ValueTask CommitAsync(LogHead head)
    {
        // Also where nothing was inserted: a server that has become read-only refuses the UPDATE, and the caller learns it.
        closing.Append("UPDATE log_head SET seq=").AppendNumber(head.Seq).Append(", created_at_ms=").AppendNumber(head.CreatedAtMs)
            .Append(" WHERE id=1; ").Append(CommitAndIdle);
        return ExecuteAsync(closing.ToString());
    }

    public async ValueTask ExecuteAsync(string sql)
    {
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask ReadAsync(string sql, Action<MySqlDataReader> row)
    {
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await using MySqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) row(reader);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async ValueTask<LogHead?> LockAsync(string sql)
    {
        closing.Clear();
        LogHead? head = null;
        await ReadAsync(sql, row => head = new LogHead(row.GetString(0), row.GetInt64(1), row.GetInt64(2)));
        return head;
    }
}
