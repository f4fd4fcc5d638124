using System.Diagnostics.Metrics;
using Gateway.Messages;
using Gateway.Telemetry;

namespace Gateway.Tests.Telemetry;

public sealed class MetricCollectorTests : IDisposable
{
    private readonly Meter meter = new(GatewayMeter.Name);
    private readonly MetricCollector collector = new();

    [Fact]
    public void Counter_WithAndWithoutTags_IsSummedPerSeries()
    {
        var counter = meter.CreateCounter<long>("test.counted", "{thing}", "Counted things");
        counter.Add(2);
        counter.Add(3);
        counter.Add(1, new KeyValuePair<string, object?>("result", "a\"b"));

        var text = Text();
        Assert.Contains("# HELP test_counted_total Counted things\n# TYPE test_counted_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains("\ntest_counted_total 5\n", text, StringComparison.Ordinal);
        Assert.Contains("\ntest_counted_total{result=\"a\\\"b\"} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Histogram_OfSeconds_HasCumulativeBuckets()
    {
        var histogram = meter.CreateHistogram<double>("test.latency", "s");
        histogram.Record(0.002);
        histogram.Record(0.002);
        histogram.Record(100);

        var text = Text();
        Assert.Contains("test_latency_seconds_bucket{le=\"0.001\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("test_latency_seconds_bucket{le=\"0.0025\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("test_latency_seconds_bucket{le=\"+Inf\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("test_latency_seconds_count 3\n", text, StringComparison.Ordinal);
        Assert.Contains("test_latency_seconds_sum 100.004\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Gauge_ObservedTwice_HasItsLastValue()
    {
        var value = 1;
        meter.CreateObservableGauge("test.level", () => value);
        Text();
        value = 7;
        Assert.Contains("# TYPE test_level gauge\ntest_level 7\n", Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void UpDownCounter_OfChanges_IsTheirSum()
    {
        var counter = meter.CreateUpDownCounter<int>("test.open");
        counter.Add(5);
        counter.Add(-2);
        Assert.Contains("# TYPE test_open gauge\ntest_open 3\n", Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tag_WithTooManyValues_CostsNoMoreSeries()
    {
        var counter = meter.CreateCounter<long>("test.many");
        for (var i = 0; i < Limits.Telemetry.SeriesPerInstrument + 10; i++) counter.Add(1, new KeyValuePair<string, object?>("id", i));
        Assert.Contains("test_many_total{series=\"other\"} 10\n", Text(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        collector.Dispose();
        meter.Dispose();
    }

    private string Text() => PrometheusText.Write(collector.Collect());
}
