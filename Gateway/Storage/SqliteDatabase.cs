using System.Data.Common;
using Gateway.Messages;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>The embedded database: one file in WAL mode beside which the command line may work while a server runs.</summary>
internal sealed class SqliteDatabase : IDatabase
{
    public const string DialectName = "sqlite";

    private readonly string connectionString;

    /// <param name="path">The database file; its folder must exist, the file is made when it does not.</param>
    public SqliteDatabase(string path)
    {
        // Microsoft.Data.Sqlite finds its native library through reflection; naming it here keeps it when the program is trimmed.
        SQLitePCL.Batteries_V2.Init();
        Path = path;
        connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            DefaultTimeout = (int)Limits.Storage.SqliteBusy.TotalSeconds,
            Pooling = true,
        }.ToString();
    }

    public string Path { get; }

    public string Dialect => DialectName;

    public string LastInsertId => "last_insert_rowid()";

    public string ForUpdate => "";

    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = SqlitePragmas.Control;
            await command.ExecuteNonQueryAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public ValueTask<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellation) =>
        // Not deferred: BEGIN IMMEDIATE. A deferred one that reads first fails with SQLITE_BUSY_SNAPSHOT instead of waiting.
        ValueTask.FromResult<DbTransaction>(((SqliteConnection)connection).BeginTransaction(deferred: false));

    public ValueTask DisposeAsync()
    {
        // The pool holds the file open; without this a stopped gateway's folder cannot be replaced by a backup on every platform.
        using var connection = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(connection);
        return ValueTask.CompletedTask;
    }
}
