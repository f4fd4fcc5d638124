using Gateway.Log.Sqlite;
using Gateway.Storage;

namespace Gateway.Log;

/// <summary>Opens the log of the database that the URL names.</summary>
internal static class LogStoreFactory
{
    public static ILogStore Open(StorageUrl url, TimeProvider time) => url.SqlitePath is { } path
        ? new SqliteLogStore(path, time)
        : throw new NotSupportedException("This build has no MySQL store.");
}
