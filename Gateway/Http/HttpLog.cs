using Microsoft.Extensions.Logging;

namespace Gateway.Http;

/// <summary>Routes are named, paths are not logged: some hold secrets.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(1100, LogLevel.Error, "Request {RequestId} on {Route} failed")]
    public static partial void RequestFailed(ILogger logger, Exception failure, string requestId, string route);

    [LoggerMessage(1101, LogLevel.Debug, "Request {RequestId} on {Route} was given up by its client")]
    public static partial void RequestAborted(ILogger logger, string requestId, string route);

    [LoggerMessage(1102, LogLevel.Debug, "Request {RequestId} on {Route} is not valid HTTP: {Reason}")]
    public static partial void RequestInvalid(ILogger logger, string requestId, string route, string reason);
}
