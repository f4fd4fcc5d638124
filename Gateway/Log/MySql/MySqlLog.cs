using Gateway.Storage;

namespace Gateway.Log.MySql;

/// <summary>What the MySQL store tells an operator. Ids 1340–1359. The driver's messages name hosts and users, never passwords.</summary>
internal static partial class MySqlLog
{
    [LoggerMessage(1340, LogLevel.Warning, "Cannot connect to {Database} to commit: {Reason}")]
    public static partial void CannotConnect(ILogger logger, StorageUrl database, string reason);

    [LoggerMessage(1341, LogLevel.Warning, "A commit was rolled back or lost, its connection is closed ({Outcome}): {Reason}")]
    public static partial void CommitFailed(ILogger logger, BatchOutcome outcome, string reason);

    [LoggerMessage(1342, LogLevel.Debug, "Closing a commit connection failed: {Reason}")]
    public static partial void CloseFailed(ILogger logger, string reason);

    [LoggerMessage(1343, LogLevel.Warning, "The log cannot be read ({Call}): {Reason}")]
    public static partial void ReadFailed(ILogger logger, string call, string reason);

    [LoggerMessage(1344, LogLevel.Warning, "Retention of bot {BotId} could not delete: {Reason}")]
    public static partial void DeleteFailed(ILogger logger, long botId, string reason);

    [LoggerMessage(1345, LogLevel.Warning, "A chat's row or description was refused; its events are stored without: {Reason}")]
    public static partial void ChatRefused(ILogger logger, string reason);
}
