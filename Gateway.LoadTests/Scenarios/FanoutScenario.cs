using System.Buffers.Binary;
using System.Net.Sockets;
using Gateway.LoadTests.Children;
using Gateway.LoadTests.Native;
using Gateway.LoadTests.Posting;
using Gateway.LoadTests.Streaming;

namespace Gateway.LoadTests.Scenarios;

/// <summary>
/// Fan-out to many sockets against a bare loop that writes the same bytes to as many. Both get the same messages at the same times;
/// compared are deliveries per second of server CPU, the loop once before and once after.
/// </summary>
internal static class FanoutScenario
{
    private const double RatioMark = 0.75;

    // Enough to measure CPU well, little enough that subscribers, loop and gateway together leave two cores room to breathe.
    private const int DeliveriesPerSecond = 20_000;

    public static async Task RunAsync(CommandLine options, Report report)
    {
        foreach (int subscribers in options.Numbers("subscribers", 1_000, 10_000))
        {
            using GatewayChild gateway = await GatewayChild.StartAsync(options);
            byte[] frame = Sample(gateway);
            double rate = options.Number("deliveries", DeliveriesPerSecond) / (double)subscribers;
            double before = await BareAsync(subscribers, rate, frame, "bare loop", options, report);
            double ours = Through(gateway, subscribers, rate, options, report);
            double after = await BareAsync(subscribers, rate, frame, "bare loop again", options, report);
            report.AtLeast($"{subscribers} sockets: gateway / bare loop", ours / ((before + after) / 2), "×", RatioMark);
        }
    }

    /// <summary>One real event frame: its bytes are what the bare loop writes.</summary>
    internal static byte[] Sample(GatewayChild gateway)
    {
        using SubscriberPool probe = new();
        probe.Add(gateway.Port, gateway.StreamPath);
        probe.Start();
        using PostGenerator generator = new(gateway.Port, 1, new UpdateTemplate(gateway.Port, gateway.WebhookSecret));
        generator.RunOpen(20, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        return probe.Sample ?? throw new InvalidOperationException("no event came back for two seconds of posts");
    }

    private static double Through(GatewayChild gateway, int subscribers, double rate, CommandLine options, Report report)
    {
        using SubscriberPool pool = Connect(gateway.Port, gateway.StreamPath, subscribers);
        using PostGenerator generator = new(gateway.Port, 8, new UpdateTemplate(gateway.Port, gateway.WebhookSecret));
        double cpu = 0;
        LoadResult posts = generator.RunOpen(rate, options.Seconds("warm-up", 3), options.Seconds("seconds", 15), () =>
        {
            pool.Take();
            cpu = ProcessFigures.CpuSeconds(gateway.Id);
        });
        cpu = ProcessFigures.CpuSeconds(gateway.Id) - cpu;
        report.Add($"{subscribers} sockets: updates accepted", posts.PerSecond, "updates/s");
        return Tell($"{subscribers} sockets: gateway", pool, cpu, posts.Seconds, posts.Accepted * subscribers, report);
    }

    internal static async Task<double> BareAsync(int subscribers, double rate, byte[] frame, string name, CommandLine options, Report report)
    {
        using ReferenceChild bare = await ReferenceChild.StartAsync("reference-fanout", "--subscribers", $"{subscribers}");
        using Socket lead = Loopback.Connect(bare.Port, 0);
        using SubscriberPool pool = Connect(bare.Port, null, subscribers);
        lead.Receive(new byte[1]);
        int time = frame.AsSpan().IndexOf(UpdateTemplate.TimeMark) + UpdateTemplate.TimeMark.Length;
        byte[] message = new byte[4 + frame.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, frame.Length);
        frame.CopyTo(message, 4);

        long start = Clock.Now, from = start + Clock.Of(options.Seconds("warm-up", 3)), until = from + Clock.Of(options.Seconds("seconds", 15));
        double cpu = -1;
        long measured = 0;
        for (long sent = 0; ; sent++)
        {
            long due = start + (long)(sent * 1e9 / rate);
            if (due >= until)
            {
                break;
            }

            long wait = due - Clock.Now;
            if (wait > 0)
            {
                await Task.Delay(TimeSpan.FromMicroseconds(wait / 1000));
            }

            if (cpu < 0 && due >= from)
            {
                pool.Take();
                cpu = ProcessFigures.CpuSeconds(bare.Id);
            }

            UpdateTemplate.WriteDigits(message.AsSpan(4 + time, UpdateTemplate.TimeDigits), due);
            lead.Send(message);
            measured += cpu < 0 ? 0 : subscribers;
        }

        Thread.Sleep(300);
        cpu = ProcessFigures.CpuSeconds(bare.Id) - cpu;
        return Tell($"{subscribers} sockets: {name}", pool, cpu, (until - from) / 1e9, measured, report);
    }

    private static SubscriberPool Connect(int port, string? path, int subscribers)
    {
        SubscriberPool pool = new();
        for (int index = 0; index < subscribers; index++)
        {
            pool.Add(port, path);
        }

        pool.Start();
        return pool;
    }

    private static double Tell(string name, SubscriberPool pool, double cpu, double seconds, long expected, Report report)
    {
        // What is still under way belongs to the phase; the CPU was read before, so that waiting costs nobody.
        Thread.Sleep(500);
        (long events, HdrHistogram.LongHistogram latency, long closed) = pool.Take();
        report.Add($"{name}: deliveries", events / seconds, "events/s");
        report.AtLeast($"{name}: delivered of expected", events / (double)Math.Max(1, expected), "×", 1);
        report.Add($"{name}: per server-CPU-second", events / Math.Max(cpu, 0.01), "events");
        report.Percentiles($"{name}: due to socket", latency, null);
        if (closed > 0)
        {
            report.AtMost($"{name}: subscribers lost", closed, "sockets", 0);
        }

        return events / Math.Max(cpu, 0.01);
    }
}
