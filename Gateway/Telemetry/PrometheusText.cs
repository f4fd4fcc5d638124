using System.Globalization;
using System.Text;

namespace Gateway.Telemetry;

/// <summary>The Prometheus text exposition format, version 0.0.4.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IReadOnlyList<MetricFamily> families)
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var family in families)
        {
            var series = family.Series.ToList();
            if (series.Count == 0) continue;
            text.Append("# HELP ").Append(family.Name).Append(' ').Append(family.Description.ReplaceLineEndings(" ").Replace("\\", "\\\\", StringComparison.Ordinal)).Append('\n');
            text.Append("# TYPE ").Append(family.Name).Append(' ').Append(TypeOf(family.Kind)).Append('\n');
            foreach (var one in series)
            {
                if (family.Kind == MetricKind.Histogram) WriteHistogram(text, family, one);
                else WriteSample(text, family.Name, one.Labels, one.Sum);
            }
        }

        return text.ToString();
    }

    /// <summary>Prometheus names have letters, digits and underscores.</summary>
    public static string NameOf(string name) =>
        string.Create(name.Length, name, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++) target[i] = char.IsAsciiLetterOrDigit(source[i]) ? source[i] : '_';
        });

    /// <summary>The unit belongs into the name; UCUM's curly annotations (<c>{update}</c>) do not.</summary>
    public static string SuffixOf(string? unit, string name)
    {
        var suffix = unit switch { "s" => "_seconds", "ms" => "_milliseconds", "By" => "_bytes", _ => "" };
        return NameOf(name).EndsWith(suffix, StringComparison.Ordinal) ? "" : suffix;
    }

    private static string TypeOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };

    private static void WriteHistogram(StringBuilder text, MetricFamily family, MetricSeries series)
    {
        var separator = series.Labels.Length == 0 ? "" : ",";
        long cumulative = 0;
        for (var i = 0; i < family.Bounds!.Length; i++)
        {
            cumulative += series.BucketAt(i);
            WriteSample(text, family.Name + "_bucket", string.Create(CultureInfo.InvariantCulture, $"{series.Labels}{separator}le=\"{family.Bounds[i]}\""), cumulative);
        }

        // The count is taken from the buckets: a measurement between two reads must not make it smaller than a bucket.
        cumulative += series.BucketAt(family.Bounds.Length);
        WriteSample(text, family.Name + "_bucket", $"{series.Labels}{separator}le=\"+Inf\"", cumulative);
        WriteSample(text, family.Name + "_sum", series.Labels, series.Sum);
        WriteSample(text, family.Name + "_count", series.Labels, cumulative);
    }

    private static void WriteSample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}
