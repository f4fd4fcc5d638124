using System.Diagnostics.Metrics;
using Gateway.Telemetry;

namespace Gateway.Log;

/// <summary>What an operator sees of the log.</summary>
internal static class LogTelemetry
{
    public static readonly Counter<long> Commits =
        GatewayMeter.Instance.CreateCounter<long>("gateway.log.commits", "{update}", "Updates handed to the log, by outcome");

    public static readonly Histogram<int> BatchSize =
        GatewayMeter.Instance.CreateHistogram<int>("gateway.log.batch_size", "{update}", "Updates in one transaction");

    public static readonly Histogram<double> CommitSeconds =
        GatewayMeter.Instance.CreateHistogram<double>("gateway.log.commit_duration", "s", "Time of one transaction, as the committer sees it");

    public static readonly Counter<long> Retries =
        GatewayMeter.Instance.CreateCounter<long>("gateway.log.commit_retries", "{transaction}", "Transactions given to the store again");

    public static readonly Counter<long> Resets =
        GatewayMeter.Instance.CreateCounter<long>("gateway.log.resets", "{reset}", "New log identities after a head that moved back");

    public static readonly Counter<long> Expired =
        GatewayMeter.Instance.CreateCounter<long>("gateway.log.expired_events", "{event}", "Events deleted by retention");

    public static readonly Gauge<long> SearchLag =
        GatewayMeter.Instance.CreateGauge<long>("gateway.log.search_lag", "{event}", "Events at the log's end that the full-text index does not have yet");

    // Boxed once: a tag made per commit would allocate its value.
    private static readonly KeyValuePair<string, object?>[] StatusTags =
        Array.ConvertAll(Enum.GetNames<CommitStatus>(), name => new KeyValuePair<string, object?>("outcome", name.ToLowerInvariant()));

    public static KeyValuePair<string, object?> TagOf(CommitStatus status) => StatusTags[(int)status];
}
