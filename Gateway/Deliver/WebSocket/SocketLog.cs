using Gateway.Access;
using Microsoft.Extensions.Logging;

namespace Gateway.Deliver.WebSocket;

internal static partial class SocketLog
{
    [LoggerMessage(1660, LogLevel.Debug, "A socket of {Principal} went away without a close")]
    public static partial void PeerGone(ILogger logger, PrincipalId principal);

    [LoggerMessage(1661, LogLevel.Error, "A socket of {Principal} failed and was cut")]
    public static partial void SessionFailed(ILogger logger, Exception failure, PrincipalId principal);
}
