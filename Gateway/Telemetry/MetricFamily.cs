using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gateway.Messages;

namespace Gateway.Telemetry;

internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One instrument and its series. It hangs on the instrument as the listener's state, so a measurement looks nothing up but its tags.</summary>
internal sealed class MetricFamily
{
    /// <summary>Durations from a tenth of a millisecond (one SQLite commit without fsync) to ten seconds, about three steps a decade.</summary>
    private static readonly double[] Seconds = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];

    /// <summary>Counts and sizes: powers of four from one to four million, the largest batch in bytes.</summary>
    private static readonly double[] Sizes = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304];

    private readonly ConcurrentDictionary<TagKey, MetricSeries> tagged = new();
    private readonly MetricSeries untagged;
    private readonly MetricSeries overflow;
    private int untaggedUsed;

    public MetricFamily(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        Kind = type == typeof(Histogram<>) ? MetricKind.Histogram
            : type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : MetricKind.Gauge;
        // Up-down counters report changes; observable instruments report totals.
        IsIncremental = type == typeof(Counter<>) || type == typeof(UpDownCounter<>);
        Bounds = Kind != MetricKind.Histogram ? null
            : instrument.Unit switch
            {
                "s" => Seconds,
                "ms" => [.. Seconds.Select(bound => bound * 1000)],
                _ => Sizes,
            };
        Name = PrometheusText.NameOf(instrument.Name) + PrometheusText.SuffixOf(instrument.Unit, instrument.Name) + (Kind == MetricKind.Counter ? "_total" : "");
        Description = instrument.Description ?? "";
        untagged = new MetricSeries("", Bounds);
        overflow = new MetricSeries("series=\"other\"", Bounds);
    }

    public string Name { get; }
    public string Description { get; }
    public MetricKind Kind { get; }
    public double[]? Bounds { get; }
    private bool IsIncremental { get; }

    public IEnumerable<MetricSeries> Series
    {
        get
        {
            if (Volatile.Read(ref untaggedUsed) != 0) yield return untagged;
            foreach (var series in tagged.Values) yield return series;
            if (overflow.Count > 0 || overflow.Sum != 0) yield return overflow;
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(tags);
        if (Kind == MetricKind.Histogram) series.Observe(value);
        else if (IsIncremental) series.Add(value);
        else series.Set(value);
    }

    private MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            // Read first: a write by every measurement would move the cache line between cores.
            if (Volatile.Read(ref untaggedUsed) == 0) Volatile.Write(ref untaggedUsed, 1);
            return untagged;
        }

        // Two tags tell all of our series apart; with more, the label text is the key.
        var key = tags.Length switch
        {
            1 => new TagKey(tags[0].Value, null),
            2 => new TagKey(tags[0].Value, tags[1].Value),
            _ => new TagKey(MetricSeries.LabelsOf(tags), null),
        };
        if (tagged.TryGetValue(key, out var series)) return series;
        return tagged.Count >= Limits.Telemetry.SeriesPerInstrument ? overflow : tagged.GetOrAdd(key, new MetricSeries(MetricSeries.LabelsOf(tags), Bounds));
    }

    private readonly record struct TagKey(object? First, object? Second);
}
