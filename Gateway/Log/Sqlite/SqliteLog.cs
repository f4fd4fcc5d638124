namespace Gateway.Log.Sqlite;

/// <summary>What the SQLite store tells an operator. Ids 1360–1369. The engine's messages name files and statements, never contents.</summary>
internal static partial class SqliteLog
{
    [LoggerMessage(1360, LogLevel.Warning, "SQLite cannot write or read the log: {Reason}")]
    public static partial void Fault(ILogger logger, string reason);
}
