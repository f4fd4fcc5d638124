using System.Data.Common;
using Gateway.Storage;

namespace Gateway.Tests.Api;

/// <summary>Counts what is asked of a database: equal answers that take a different number of questions tell each other apart by their time.</summary>
internal sealed class CountingDatabase(IDatabase inner) : IDatabase
{
    private int opened;

    public int Opened => opened;
    public string Dialect => inner.Dialect;
    public string LastInsertId => inner.LastInsertId;
    public string ForUpdate => inner.ForUpdate;

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref opened);
        return inner.OpenAsync(cancellation);
    }

    public ValueTask<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellation) => inner.BeginWriteAsync(connection, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
