using System.Diagnostics.Metrics;
using Gateway.Telemetry;

namespace Gateway.Http;

internal static class HttpTelemetry
{
    public static readonly Counter<long> Failures =
        GatewayMeter.Instance.CreateCounter<long>("gateway.http.failures", description: "Requests answered 500: each is a bug or a broken environment");
}
