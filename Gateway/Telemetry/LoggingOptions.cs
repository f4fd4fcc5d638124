using Microsoft.Extensions.Logging;

namespace Gateway.Telemetry;

internal sealed record LoggingOptions
{
    public LogFormat Format { get; init; } = LogFormat.Text;
    public LogLevel Level { get; init; } = LogLevel.Information;
}

internal enum LogFormat
{
    /// <summary>One line for people.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}
