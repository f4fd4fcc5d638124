using Gateway.Log.Sqlite;
using Gateway.Storage;

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
    public static OpenedStorage Open(StorageUrl url, TimeProvider time)
    {
        if (url.SqlitePath is { } path) return new(new SqliteDatabase(path), new SqliteLogStore(path, time));
        throw new NotSupportedException("This build has no MySQL store");
    }
}
