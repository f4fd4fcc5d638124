using System.Diagnostics.Metrics;
using Gateway.Telemetry;

namespace Gateway.Deliver;

internal static class DeliverTelemetry
{
    public static readonly UpDownCounter<long> Connections =
        GatewayMeter.Instance.CreateUpDownCounter<long>("gateway.deliver.connections", description: "Open streams on all transports");

    public static readonly UpDownCounter<long> Subscriptions =
        GatewayMeter.Instance.CreateUpDownCounter<long>("gateway.deliver.subscriptions", description: "Running subscriptions");

    public static readonly Counter<long> Deliveries =
        GatewayMeter.Instance.CreateCounter<long>("gateway.deliver.deliveries", description: "Events handed to an outlet");

    public static readonly Counter<long> CatchUps =
        GatewayMeter.Instance.CreateCounter<long>("gateway.deliver.catch_ups", description: "Subscriptions that started behind the live end");

    public static readonly Counter<long> Lagging =
        GatewayMeter.Instance.CreateCounter<long>("gateway.deliver.lagging", description: "Connections whose queue overflowed");

    public static readonly Counter<long> CatchUpPages =
        GatewayMeter.Instance.CreateCounter<long>("gateway.deliver.catch_up_pages", description: "Pages read from the database for catch-up");

    public static readonly Counter<long> Disconnects =
        GatewayMeter.Instance.CreateCounter<long>("gateway.deliver.disconnects", description: "Streams ended by the gateway, by close code");
}
