using HdrHistogram;

namespace Gateway.LoadTests.Posting;

/// <summary>What one timed phase of requests gave. Latencies are microseconds from the time each request was due.</summary>
internal sealed class LoadResult(double seconds, long accepted, IReadOnlyDictionary<int, long> refused, LongHistogram latency)
{
    public double Seconds { get; } = seconds;
    public long Accepted { get; } = accepted;

    /// <summary>Answers other than 200, by status.</summary>
    public IReadOnlyDictionary<int, long> Refused { get; } = refused;
    public LongHistogram Latency { get; } = latency;
    public double PerSecond => Accepted / Seconds;

    public static LongHistogram NewHistogram() => new(1, 120_000_000, 3);
}
