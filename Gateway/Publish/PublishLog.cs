namespace Gateway.Publish;

internal static partial class PublishLog
{
    [LoggerMessage(1500, LogLevel.Error, "Reading the log for publishing failed; it is tried again")]
    public static partial void ReadFailed(ILogger logger, Exception exception);

    [LoggerMessage(1501, LogLevel.Error, "The bus reader failed on a message; it goes on")]
    public static partial void ReaderFailed(ILogger logger, Exception exception);

    [LoggerMessage(1502, LogLevel.Warning, "The log has a new identity {NewLogId} (was {OldLogId}); streams are told")]
    public static partial void LogReset(ILogger logger, string oldLogId, string newLogId);

    [LoggerMessage(1503, LogLevel.Warning, "The head of the log, {LogId}-{Seq}, is below what was delivered already ({DeliveredSeq})")]
    public static partial void HeadMovedBack(ILogger logger, string logId, long seq, long deliveredSeq);
}
