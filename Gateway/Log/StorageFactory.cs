using Gateway.Log.MySql;
using Gateway.Log.Sqlite;
using Gateway.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Log;

/// <summary>The views of one database: control tables, log, and its messages (which live as long as the log).</summary>
internal sealed record OpenedStorage(IDatabase Database, ILogStore Log, IMessageStore Messages) : IAsyncDisposable
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
    public static OpenedStorage Open(StorageUrl url, TimeProvider time, ILogger? logger = null)
    {
        if (url.SqlitePath is { } path)
        {
            var sqlite = new SqliteLogStore(path, time, logger);
            return new(new SqliteDatabase(path), sqlite, sqlite.Messages);
        }

        var mysql = new MySqlLogStore(url, time, logger ?? NullLogger.Instance);
        return new(new MySqlDatabase(url), mysql, mysql.Messages);
    }
}
