using System.Data.Common;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Access;

/// <summary>The real database behind a switch: away, black-holed, or with something that happens just before a connection opens.</summary>
internal sealed class SwitchedDatabase(IDatabase inner) : IDatabase
{
    private int opens;

    public string Dialect => inner.Dialect;
    public string LastInsertId => inner.LastInsertId;
    public string ForUpdate => inner.ForUpdate;

    public bool IsAway { get; set; }
    public bool IsBlackHoled { get; set; }
    public Func<int, Task>? BeforeOpen { get; set; }

    /// <summary>Gets each connection that is handed out.</summary>
    public Action<DbConnection>? Opened { get; set; }

    public int Opens { get => Volatile.Read(ref opens); set => Volatile.Write(ref opens, value); }

    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancellation)
    {
        var number = Interlocked.Increment(ref opens);
        if (BeforeOpen is { } before) await before(number);
        if (IsAway) throw new SqliteException("away", 14);
        if (IsBlackHoled) await new TaskCompletionSource().Task.WaitAsync(cancellation);
        var connection = await inner.OpenAsync(cancellation);
        Opened?.Invoke(connection);
        return connection;
    }

    public ValueTask<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellation) => inner.BeginWriteAsync(connection, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
