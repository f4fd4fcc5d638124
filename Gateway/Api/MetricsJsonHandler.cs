using System.Text.Json;
using Gateway.Access;
using Gateway.Http;
using Gateway.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary><c>GET /api/v1/metrics</c>: what <c>/metrics</c> says, as JSON and for whoever may read it.</summary>
internal sealed class MetricsJsonHandler(MetricCollector metrics)
{
    private static readonly JsonShape Family = new("Metric",
        new JsonField("name", JsonKind.String, "As Prometheus has it.") { Example = "gateway_log_events_total" },
        new JsonField("kind", JsonKind.String, "What its series hold.") { Values = ["counter", "gauge", "histogram"] },
        new JsonField("description", JsonKind.String, "For people."),
        new JsonField("series", JsonKind.Object, "One for each set of labels.")
        {
            IsList = true,
            Shape = new JsonShape("MetricSeries",
                new JsonField("labels", JsonKind.String, "In Prometheus form; empty for none.") { Example = "outcome=\"committed\"" },
                new JsonField("value", JsonKind.Number, "A counter's total, a gauge's last value, a histogram's sum."),
                new JsonField("count", JsonKind.Integer, "Histograms: how many were measured.") { IsNullable = true },
                new JsonField("buckets", JsonKind.Object, "Histograms: how many were at most so large; the rest is in count alone.")
                {
                    IsNullable = true,
                    IsList = true,
                    Shape = new JsonShape("MetricBucket",
                        new JsonField("le", JsonKind.Number, "The largest of the bucket."),
                        new JsonField("count", JsonKind.Integer, "How many are not larger; those of smaller buckets count too.")),
                }),
        });

    public IEnumerable<HttpRoute> Routes =>
    [
        new("GET", "/api/v1/metrics", HandleAsync, "metrics_json")
        {
            Needs = PermissionNames.Of(Permission.MetricsRead),
            Document = new RouteDocument("Every measurement, as JSON")
            {
                Answer = new JsonShape("Metrics", new JsonField("metrics", JsonKind.Object, "By name.") { IsList = true, Shape = Family }),
            },
        },
    ];

    private Task HandleAsync(Exchange exchange)
    {
        exchange.Response.Headers.CacheControl = "no-store";
        return JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, metrics.Collect(), Write);
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<MetricFamily> families)
    {
        json.WriteStartObject();
        json.WriteStartArray("metrics");
        foreach (var family in families)
        {
            MetricSeries[] series = [.. family.Series];
            if (series.Length == 0) continue;
            json.WriteStartObject();
            json.WriteString("name", family.Name);
            json.WriteString("kind", family.Kind switch { MetricKind.Counter => "counter", MetricKind.Histogram => "histogram", _ => "gauge" });
            json.WriteString("description", family.Description);
            json.WriteStartArray("series");
            foreach (var one in series) WriteSeries(json, family, one);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSeries(Utf8JsonWriter json, MetricFamily family, MetricSeries series)
    {
        json.WriteStartObject();
        json.WriteString("labels", series.Labels);
        // JSON has no number for what a gauge could not measure.
        json.WriteNumber("value", double.IsFinite(series.Sum) ? series.Sum : 0);
        if (family.Bounds is { } bounds) WriteBuckets(json, series, bounds);
        else
        {
            json.WriteNull("count");
            json.WriteNull("buckets");
        }

        json.WriteEndObject();
    }

    /// <summary>The count is taken from the buckets: a measurement between two reads must not make it smaller than one of them.</summary>
    private static void WriteBuckets(Utf8JsonWriter json, MetricSeries series, double[] bounds)
    {
        long cumulative = 0;
        json.WriteStartArray("buckets");
        for (var index = 0; index < bounds.Length; index++)
        {
            cumulative += series.BucketAt(index);
            json.WriteStartObject();
            json.WriteNumber("le", bounds[index]);
            json.WriteNumber("count", cumulative);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("count", cumulative + series.BucketAt(bounds.Length));
    }
}
