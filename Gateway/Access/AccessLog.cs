using Microsoft.Extensions.Logging;

namespace Gateway.Access;

internal static partial class AccessLog
{
    [LoggerMessage(1700, LogLevel.Debug, "Control version {Version}: reloaded the grants of {Count} keys in use")]
    public static partial void ControlChanged(ILogger logger, long version, int count);

    [LoggerMessage(1701, LogLevel.Warning, "Permissions cannot be read from the database; deliveries hold after one second until they can")]
    public static partial void ControlUnreadable(ILogger logger);

    [LoggerMessage(1702, LogLevel.Information, "Permissions can be read from the database again; deliveries go on")]
    public static partial void ControlReadable(ILogger logger);

    [LoggerMessage(1720, LogLevel.Warning, "A used refresh token came again: two parties hold it, so session {Session} of user {User} was ended")]
    public static partial void RefreshTokenReused(ILogger logger, long session, long user);

    [LoggerMessage(1721, LogLevel.Warning, "Expired sessions and tickets could not be deleted; tried again later: {Reason}")]
    public static partial void SweepFailed(ILogger logger, string reason);

    [LoggerMessage(1760, LogLevel.Warning, "{Count} denials of one second found no room in the audit log")]
    public static partial void DenialsDropped(ILogger logger, long count);

    [LoggerMessage(1761, LogLevel.Error, "Denials cannot be written to the audit log; they wait in memory")]
    public static partial void DenialsFailed(ILogger logger, Exception failure);

    [LoggerMessage(1762, LogLevel.Information, "Deleted {Count} lines of the audit log that were older than it is kept")]
    public static partial void AuditExpired(ILogger logger, long count);

    [LoggerMessage(1763, LogLevel.Error, "Old lines of the audit log could not be deleted; tried again later")]
    public static partial void AuditRetentionFailed(ILogger logger, Exception failure);

    [LoggerMessage(1764, LogLevel.Debug, "The audit log's retention has stopped")]
    public static partial void AuditRetentionStopped(ILogger logger);

    [LoggerMessage(1740, LogLevel.Warning, "When API keys were last used cannot be written ({Reason}); tried again until it can")]
    public static partial void KeyUsageUnwritable(ILogger logger, string reason);
}
