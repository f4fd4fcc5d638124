using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Gateway.Telemetry;

/// <summary>
/// Accumulates what our instruments and the runtime's measure, from the moment it is made. Its listener costs a measurement some
/// tens of nanoseconds and no allocation (values of tags that are boxed by the caller aside).
/// </summary>
internal sealed class MetricCollector : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<Instrument, MetricFamily> families = new();
    private readonly Lock collecting = new();

    public MetricCollector()
    {
        listener.InstrumentPublished = (instrument, source) =>
        {
            if (instrument.Meter.Name is not (GatewayMeter.Name or "System.Runtime")) return;
            var family = new MetricFamily(instrument);
            families[instrument] = family;
            source.EnableMeasurementEvents(instrument, family);
        };
        listener.SetMeasurementEventCallback<byte>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        listener.SetMeasurementEventCallback<short>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        listener.Start();
    }

    /// <summary>All families by name, observable instruments asked just now.</summary>
    public IReadOnlyList<MetricFamily> Collect()
    {
        // One scrape at a time: observable counters are asked once per scrape.
        lock (collecting)
        {
            listener.RecordObservableInstruments();
            return [.. families.Values.OrderBy(family => family.Name, StringComparer.Ordinal)];
        }
    }

    public void Dispose() => listener.Dispose();
}
