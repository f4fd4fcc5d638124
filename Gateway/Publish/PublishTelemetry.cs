using System.Diagnostics.Metrics;
using Gateway.Telemetry;

namespace Gateway.Publish;

internal static class PublishTelemetry
{
    public static readonly Counter<long> Events =
        GatewayMeter.Instance.CreateCounter<long>("gateway.publish.events", description: "Events published from memory");

    public static readonly Counter<long> Recoveries =
        GatewayMeter.Instance.CreateCounter<long>("gateway.publish.recoveries", description: "Times the full publish queue let payloads go and they were read from the log");

    public static readonly Counter<long> GapReads =
        GatewayMeter.Instance.CreateCounter<long>("gateway.publish.gap_reads", description: "Pages the bus reader read from the log, to fill a gap or because nothing came");

    public static readonly Histogram<double> LagSeconds =
        GatewayMeter.Instance.CreateHistogram<double>("gateway.publish.lag_seconds", "s", "From the commit's time to the hub, by the gateway's clock");
}
