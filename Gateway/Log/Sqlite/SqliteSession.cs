using Gateway.Storage;
using SQLitePCL;

namespace Gateway.Log.Sqlite;

/// <summary>One connection and its prepared statements, used by one thread.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly sqlite3 connection;
    private readonly Dictionary<string, SqliteStatement> statements = new(StringComparer.Ordinal);

    /// <summary>Throws <see cref="SqliteFault"/>. Does not create: a file that vanished is a fault, not an empty log.</summary>
    public SqliteSession(string path)
    {
        var code = raw.sqlite3_open_v2(path, out connection, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX, null);
        if (code != raw.SQLITE_OK)
        {
            var fault = FaultOf(code);
            connection.manual_close_v2();
            throw fault;
        }

        Execute(SqlitePragmas.Log);
    }

    public int Changes => raw.sqlite3_changes(connection);

    public SqliteStatement Prepare(string sql)
    {
        if (statements.TryGetValue(sql, out var statement)) return statement;
        var code = raw.sqlite3_prepare_v3(connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out var handle);
        if (code != raw.SQLITE_OK) throw FaultOf(code);
        return statements[sql] = new SqliteStatement(this, handle);
    }

    public void Execute(string sql)
    {
        var code = raw.sqlite3_exec(connection, sql);
        if (code != raw.SQLITE_OK) throw FaultOf(code);
    }

    /// <summary>Pages this connection wrote into the write-ahead log since the last call.</summary>
    public int TakeWrittenPages() =>
        raw.sqlite3_db_status(connection, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, resetFlg: 1) == raw.SQLITE_OK ? pages : 0;

    /// <summary>Copies what it can of the write-ahead log into the database without waiting for anybody. Answers the log's pages.</summary>
    public int Checkpoint()
    {
        raw.sqlite3_wal_checkpoint_v2(connection, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out var pages, out _);
        return pages;
    }

    /// <summary>Copies all of it and waits, for the busy time-out at most, until no reader needs it: the next commit begins it anew.</summary>
    public void RestartWriteAheadLog() => raw.sqlite3_wal_checkpoint_v2(connection, "main", raw.SQLITE_CHECKPOINT_RESTART, out _, out _);

    /// <summary>Undoes the transaction if one is open; whether that succeeds does not matter, the connection is closed next.</summary>
    public void TryRollback()
    {
        if (raw.sqlite3_get_autocommit(connection) == 0) raw.sqlite3_exec(connection, "ROLLBACK");
    }

    public SqliteFault FaultOf(int code) =>
        new(raw.sqlite3_extended_errcode(connection) is var extended and not 0 ? extended : code, raw.sqlite3_errmsg(connection).utf8_to_string());

    public void Dispose()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        connection.manual_close_v2();
    }
}
