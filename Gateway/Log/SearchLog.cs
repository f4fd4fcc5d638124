namespace Gateway.Log;

/// <summary>What the full-text index tells an operator. Ids 1370–1379.</summary>
internal static partial class SearchLog
{
    [LoggerMessage(1370, LogLevel.Warning, "Messages are not indexed for searching: {Reason}. What is missing is indexed when the database is back")]
    public static partial void Away(ILogger logger, string reason);

    [LoggerMessage(1371, LogLevel.Information, "Messages are indexed for searching again")]
    public static partial void Back(ILogger logger);

    [LoggerMessage(1372, LogLevel.Error, "Indexing messages for searching met an error it does not know; the step is tried again")]
    public static partial void Failed(ILogger logger, Exception error);
}
