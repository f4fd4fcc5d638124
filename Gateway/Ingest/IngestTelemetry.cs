using System.Diagnostics.Metrics;
using Gateway.Log;
using Gateway.Telemetry;

namespace Gateway.Ingest;

internal static class IngestTelemetry
{
    public static readonly KeyValuePair<string, object?> WrongSecret = new("reason", "wrong_secret");
    public static readonly KeyValuePair<string, object?> AddressLimited = new("reason", "address_limited");
    public static readonly KeyValuePair<string, object?> BodyTooLarge = new("reason", "body_too_large");
    public static readonly KeyValuePair<string, object?> BodyAborted = new("reason", "body_aborted");
    public static readonly KeyValuePair<string, object?> NotStored = new("reason", "not_stored");
    public static readonly KeyValuePair<string, object?> Paused = new("reason", "bot_paused");

    private static readonly Counter<long> Updates =
        GatewayMeter.Instance.CreateCounter<long>("gateway.ingest.updates", description: "Updates received by webhook, by what became of them");

    private static readonly Counter<long> Bytes =
        GatewayMeter.Instance.CreateCounter<long>("gateway.ingest.bytes", "By", "Bytes of updates received by webhook");

    private static readonly Histogram<double> Latency =
        GatewayMeter.Instance.CreateHistogram<double>("gateway.ingest.latency", "s", "From a webhook request's headers to the outcome of its commit");

    private static readonly Counter<long> Refusals =
        GatewayMeter.Instance.CreateCounter<long>("gateway.ingest.refusals", description: "Webhook requests not answered 200, by reason");

    public static readonly Counter<long> Polled =
        GatewayMeter.Instance.CreateCounter<long>("gateway.ingest.polled", description: "Updates received by getUpdates and stored");

    public static readonly Counter<long> PollFailures =
        GatewayMeter.Instance.CreateCounter<long>("gateway.ingest.poll_failures", description: "getUpdates calls that brought no answer");

    /// <summary>Made once: a tag value boxed per update would be the hot path's largest allocation.</summary>
    private static readonly KeyValuePair<string, object?>[] Outcomes = Array.ConvertAll(
        Enum.GetValues<CommitStatus>(), status => new KeyValuePair<string, object?>("outcome", status.ToString().ToLowerInvariant()));

    public static void Answered(CommitStatus status, int bytes, TimeSpan elapsed)
    {
        Updates.Add(1, Outcomes[(int)status]);
        Bytes.Add(bytes);
        Latency.Record(elapsed.TotalSeconds);
    }

    public static void Refused(KeyValuePair<string, object?> reason) => Refusals.Add(1, reason);
}
