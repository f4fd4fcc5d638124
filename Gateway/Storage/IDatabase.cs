using System.Data.Common;

namespace Gateway.Storage;

/// <summary>
/// The database as the control tables (bots, keys, grants, users) and the command line see it: ADO.NET connections and the few
/// places where the two dialects differ. The log's hot path does not go through here; it has a store of its own per engine.
/// Statements written once for both engines use only what both have; parameters are named <c>@name</c>.
/// </summary>
internal interface IDatabase : IAsyncDisposable
{
    /// <summary><c>sqlite</c> or <c>mysql</c>: the folder of the migrations.</summary>
    string Dialect { get; }

    /// <summary>The value of the key that the last INSERT of this connection assigned, as an SQL expression.</summary>
    string LastInsertId { get; }

    /// <summary>Appended to a SELECT inside a transaction to lock what it reads; empty where <see cref="BeginWriteAsync"/> locks everything.</summary>
    string ForUpdate { get; }

    /// <summary>An open connection, set up as every connection must be. Throws <see cref="DbException"/> when the database is away.</summary>
    ValueTask<DbConnection> OpenAsync(CancellationToken cancellation);

    /// <summary>A transaction that may write from its first statement (SQLite: BEGIN IMMEDIATE; MySQL: READ COMMITTED).</summary>
    ValueTask<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellation);
}
