using System.Globalization;

namespace Gateway.Telemetry;

/// <summary>The accumulated measurements of one instrument under one set of tags. Written by any thread without a lock.</summary>
internal sealed class MetricSeries(string labels, double[]? bounds)
{
    private readonly long[]? buckets = bounds is null ? null : new long[bounds.Length + 1];
    private double sum;
    private long count;

    /// <summary>In Prometheus form, without braces; empty for no tags.</summary>
    public string Labels { get; } = labels;

    /// <summary>A histogram's total, a counter's sum, a gauge's last value.</summary>
    public double Sum => Volatile.Read(ref sum);

    public long Count => Interlocked.Read(ref count);

    public void Set(double value) => Volatile.Write(ref sum, value);

    public void Add(double value)
    {
        var seen = Volatile.Read(ref sum);
        while (true)
        {
            var found = Interlocked.CompareExchange(ref sum, seen + value, seen);
            if (found.Equals(seen)) return;
            seen = found;
        }
    }

    public void Observe(double value)
    {
        var index = 0;
        while (index < bounds!.Length && value > bounds[index]) index++;
        Interlocked.Increment(ref buckets![index]);
        Interlocked.Increment(ref count);
        Add(value);
    }

    public long BucketAt(int index) => Interlocked.Read(ref buckets![index]);

    public static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty) return "";
        var text = new System.Text.StringBuilder();
        foreach (var (name, value) in tags)
        {
            if (text.Length > 0) text.Append(',');
            var escaped = (Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")
                .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(PrometheusText.NameOf(name)).Append("=\"").Append(escaped).Append('"');
        }

        return text.ToString();
    }
}
