namespace Gateway.Log;

/// <summary>What the log stage tells an operator. Ids 1300–1399.</summary>
internal static partial class CommitterLog
{
    [LoggerMessage(1300, LogLevel.Warning, "The database cannot be written: {Reason}. Updates are answered 503 until it can")]
    public static partial void DatabaseAway(ILogger logger, string reason);

    [LoggerMessage(1301, LogLevel.Information, "The database can be written, head {LogId}-{Seq}")]
    public static partial void DatabaseWritable(ILogger logger, string logId, long seq);

    [LoggerMessage(1302, LogLevel.Error, "The store refused an update of bot {BotId}, key {DedupKey}, kind {Kind}, {Bytes} bytes; it is answered 503")]
    public static partial void UpdateRefused(ILogger logger, long botId, string dedupKey, string kind, int bytes);

    [LoggerMessage(1303, LogLevel.Error, "The head moved back below {LogId}-{Seq}: the database was restored or failed over. The log goes on as {NewLogId} at {NewSeq}")]
    public static partial void LogReset(ILogger logger, string logId, long seq, string newLogId, long newSeq);

    [LoggerMessage(1304, LogLevel.Error, "The committer met an error it does not know; its batch is answered 503")]
    public static partial void CommitterFailed(ILogger logger, Exception error);

    [LoggerMessage(1305, LogLevel.Warning, "An event of bot {BotId} is stored as {Seq} without its chat or message: its projection failed")]
    public static partial void ProjectionFailed(ILogger logger, long botId, long seq);

    [LoggerMessage(1306, LogLevel.Warning, "The highest position seen could not be written to {File}: {Reason}")]
    public static partial void HighWaterNotWritten(ILogger logger, string file, string reason);

    [LoggerMessage(1307, LogLevel.Warning, "The highest position seen could not be read from {File}: {Reason}. A database restored before this start would not be noticed")]
    public static partial void HighWaterNotRead(ILogger logger, string file, string reason);

    [LoggerMessage(1308, LogLevel.Information, "Retention deleted {Events} events of bot {BotId}")]
    public static partial void Expired(ILogger logger, int events, long botId);

    [LoggerMessage(1309, LogLevel.Error, "Retention met an error it does not know; it goes on at its next turn")]
    public static partial void RetentionFailed(ILogger logger, Exception error);

    [LoggerMessage(1310, LogLevel.Warning, "Only {FreeBytes} bytes are free under the data folder; the oldest events go early, down to 48 hours")]
    public static partial void DiskWatermark(ILogger logger, long freeBytes);

    [LoggerMessage(1311, LogLevel.Error, "A chat migration could not be linked; it is tried again")]
    public static partial void MigrationFailed(ILogger logger, Exception error);

    [LoggerMessage(1312, LogLevel.Information, "Chat {FromChatId} of bot {BotId} became {ToChatId}; {Grants} grants went along")]
    public static partial void ChatMigrated(ILogger logger, long botId, long fromChatId, long toChatId, int grants);

    [LoggerMessage(1313, LogLevel.Debug, "{Stage} stopped")]
    public static partial void StageStopped(ILogger logger, string stage);
}
