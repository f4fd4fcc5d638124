using Gateway.Access;

namespace Gateway.Deliver;

internal static partial class DeliverLog
{
    [LoggerMessage(1600, LogLevel.Error, "A turn of a delivery shard failed; its streams go on")]
    public static partial void TurnFailed(ILogger logger, Exception exception);

    [LoggerMessage(1601, LogLevel.Error, "A catch-up read failed; it is tried again")]
    public static partial void CatchUpFailed(ILogger logger, Exception exception);

    [LoggerMessage(1602, LogLevel.Error, "Sending to a stream of {Principal} failed; the stream is cut")]
    public static partial void FlushFailed(ILogger logger, Exception exception, PrincipalId principal);

    [LoggerMessage(1650, LogLevel.Error, "Telling a stream of {Principal} what its changed permissions mean failed; the stream is cut")]
    public static partial void AccessFailed(ILogger logger, Exception exception, PrincipalId principal);

    [LoggerMessage(1603, LogLevel.Warning, "Which bots' retention concerns a catch-up could not be read; it is tried again")]
    public static partial void RetentionUnknown(ILogger logger, Exception exception);
}
