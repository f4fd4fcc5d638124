using Gateway.Log.MySql;
using Gateway.Log.Sqlite;
using Gateway.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Log;

/// <summary>The two views of one database: control tables and log.</summary>
internal sealed record OpenedStorage(IDatabase Database, ILogStore Log) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        await Database.DisposeAsync();
    }
}

internal static class StorageFactory
{
    /// <summary>Connects to nothing yet; the first statement does. The log may be used after the migration.</summary>
    public static OpenedStorage Open(StorageUrl url, TimeProvider time, ILogger? logger = null) => url.SqlitePath is { } path
        ? new(new SqliteDatabase(path), new SqliteLogStore(path, time, logger))
        : new(new MySqlDatabase(url), new MySqlLogStore(url, time, logger ?? NullLogger.Instance));
}
