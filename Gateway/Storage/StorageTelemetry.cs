using System.Diagnostics.Metrics;
using Gateway.Telemetry;

namespace Gateway.Storage;

internal static class StorageTelemetry
{
    public static readonly Counter<long> ControlRetries =
        GatewayMeter.Instance.CreateCounter<long>("gateway.storage.control_retries", "{transaction}", "Changes of control data that met a lock and were tried again");

    public static readonly Counter<long> MigrationRepeats =
        GatewayMeter.Instance.CreateCounter<long>("gateway.storage.migration_repeats", "{statement}", "Statements of a migration that an earlier, cut run had done already");
}
