using System.Diagnostics.Metrics;

namespace Gateway.Telemetry;

/// <summary>The one meter all stages' instruments hang on; what reads it (Prometheus text, OTLP later) finds them by its name.</summary>
internal static class GatewayMeter
{
    public const string Name = "Gateway";

    public static readonly Meter Instance = new(Name);
}
