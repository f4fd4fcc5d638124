using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

internal static partial class HostingLog
{
    [LoggerMessage(1000, LogLevel.Information, "Listening on {Url}; storage {Storage}; version {Version}")]
    public static partial void Listening(ILogger logger, string url, string storage, string version);

    [LoggerMessage(1001, LogLevel.Critical, "The {Stage} loop failed; the gateway stops")]
    public static partial void StageDied(ILogger logger, string stage, Exception error);

    [LoggerMessage(1002, LogLevel.Critical, "The {Stage} loop ended by itself; the gateway stops")]
    public static partial void StageEnded(ILogger logger, string stage);

    [LoggerMessage(1003, LogLevel.Information, "Stopping: {Reason}")]
    public static partial void Stopping(ILogger logger, string reason);

    [LoggerMessage(1004, LogLevel.Debug, "Shutdown step {Step} took {DurationMs} ms")]
    public static partial void ShutdownStep(ILogger logger, string step, long durationMs);

    [LoggerMessage(1005, LogLevel.Warning, "Shutdown step {Step} was not done after {DeadlineMs} ms; going on")]
    public static partial void ShutdownStepLate(ILogger logger, string step, long deadlineMs);

    [LoggerMessage(1006, LogLevel.Error, "Shutdown step {Step} failed; going on")]
    public static partial void ShutdownStepFailed(ILogger logger, string step, Exception error);

    [LoggerMessage(1007, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(1008, LogLevel.Warning, "The database does not answer yet ({Reason}); trying again")]
    public static partial void WaitingForDatabase(ILogger logger, string reason);

    [LoggerMessage(1010, LogLevel.Error, "The database's {Setting} {Finding}")]
    public static partial void DatabaseSettingBad(ILogger logger, string setting, string finding);

    [LoggerMessage(1011, LogLevel.Warning, "The database's {Setting} {Finding}")]
    public static partial void DatabaseSettingDoubtful(ILogger logger, string setting, string finding);

    [LoggerMessage(1009, LogLevel.Information, "Schema migrated from {From} to {To}")]
    public static partial void Migrated(ILogger logger, int from, int to);
}
