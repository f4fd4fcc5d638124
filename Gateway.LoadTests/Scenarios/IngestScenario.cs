using Gateway.LoadTests.Children;
using Gateway.LoadTests.Posting;
using Gateway.LoadTests.Streaming;

namespace Gateway.LoadTests.Scenarios;

/// <summary>
/// Durable ingest against a bare Kestrel endpoint that reads the body and answers 200. Closed loop for throughput, bare/durable/bare
/// per connection count so that a machine that drifts shows; then a fixed rate for the latencies.
/// </summary>
internal static class IngestScenario
{
    private const double SqliteMark = 0.3, MySqlMark = 0.2, AcknowledgeMarkMs = 10, DeliveryMarkMs = 15;
    private const int MarkedConnections = 256, OpenLoopConnections = 64;

    public static async Task RunAsync(CommandLine options, Report report)
    {
        using GatewayChild gateway = await GatewayChild.StartAsync(options);
        using ReferenceChild bare = await ReferenceChild.StartAsync("reference-ingest");
        TimeSpan warmUp = options.Seconds("warm-up", 3), duration = options.Seconds("seconds", 10);
        foreach (int connections in options.Numbers("connections", 32, 256, 1024))
        {
            double before = Closed(bare.Port, "bare", "bare", connections, bare.Id, warmUp, duration, report);
            double durable = Closed(gateway.Port, gateway.WebhookSecret, gateway.Store, connections, gateway.Id, warmUp, duration, report);
            double after = Closed(bare.Port, "bare", "bare again", connections, bare.Id, warmUp, duration, report);
            double ratio = durable / ((before + after) / 2);
            string name = $"{connections} connections: {gateway.Store} / bare";
            if (connections == MarkedConnections)
            {
                report.AtLeast(name, ratio, "×", gateway.Store == "sqlite" ? SqliteMark : MySqlMark);
            }
            else
            {
                report.Add(name, ratio, "×");
            }
        }

        Open(gateway, options, report, duration);
    }

    internal static double Closed(int port, string secret, string name, int connections, int process, TimeSpan warmUp, TimeSpan duration, Report report)
    {
        using PostGenerator generator = new(port, connections, new UpdateTemplate(port, secret));
        double cpu = ProcessFigures.CpuSeconds(process);
        LoadResult result = generator.RunClosed(warmUp, duration);
        cpu = ProcessFigures.CpuSeconds(process) - cpu;
        report.Add($"{connections} connections: {name}", result.PerSecond, "updates/s");
        report.Add($"{connections} connections: {name}, server CPU", cpu / (result.Seconds + warmUp.TotalSeconds), "cores");
        report.Add($"{connections} connections: {name}, p99", result.Latency.GetValueAtPercentile(99) / 1000.0, "ms");
        Refused(result, $"{connections} connections: {name}", report);
        return result.PerSecond;
    }

    private static void Open(GatewayChild gateway, CommandLine options, Report report, TimeSpan duration)
    {
        int rate = options.Number("rate", 1000);
        using SubscriberPool subscriber = new();
        subscriber.Add(gateway.Port, gateway.StreamPath);
        subscriber.Start();
        using PostGenerator generator = new(gateway.Port, OpenLoopConnections, new UpdateTemplate(gateway.Port, gateway.WebhookSecret));
        LoadResult result = generator.RunOpen(rate, options.Seconds("warm-up", 3), duration, () => subscriber.Take());
        report.Add($"open loop at {rate}/s: accepted", result.PerSecond, "updates/s");
        report.Percentiles($"open loop at {rate}/s: acknowledge", result.Latency, AcknowledgeMarkMs);
        Refused(result, $"open loop at {rate}/s", report);
        Thread.Sleep(500);
        (long events, HdrHistogram.LongHistogram latency, long closed) = subscriber.Take();
        report.Add($"open loop at {rate}/s: events at the subscriber", events / result.Seconds, "events/s");
        report.Percentiles($"open loop at {rate}/s: webhook to socket", latency, DeliveryMarkMs);
        report.AtMost("subscribers lost", closed, "sockets", 0);
    }

    private static void Refused(LoadResult result, string name, Report report)
    {
        foreach ((int status, long count) in result.Refused)
        {
            report.AtMost($"{name}: answered {status}", count, "requests", 0);
        }
    }
}
