using System.Globalization;
using System.Text.Json;
using Gateway.LoadTests.Children;
using Gateway.LoadTests.Native;
using Gateway.LoadTests.Posting;
using Gateway.LoadTests.Streaming;

namespace Gateway.LoadTests.Scenarios;

/// <summary>
/// A rolling update: the gateway has just started, holds nothing in memory, and a thousand consumers come back at about the same position
/// far behind the end. Compared with a bare loop that writes the same frame to as many sockets, one frame a send.
/// </summary>
internal static class ResumeScenario
{
    // Clients that were cut at the same moment differ by what was on its way to them.
    private const int PositionSpread = 500;

    private static readonly TimeSpan FillPatience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Sampling = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(CommandLine options, Report report)
    {
        using GatewayChild gateway = await GatewayChild.StartAsync(options);
        byte[] frame = FanoutScenario.Sample(gateway);
        Fill(gateway, options.Number("events", 50_000));
        long head = await HeadAsync(gateway);
        foreach (int subscribers in options.Numbers("subscribers", 1_000))
        {
            double rate = options.Number("deliveries", 60_000) / (double)subscribers;
            double bare = await FanoutScenario.BareAsync(subscribers, rate, frame, "bare loop", options, report);

            // What was committed is in no memory now.
            gateway.Stop();
            await gateway.StartAsync();
            double ours = await ResumeAsync(gateway, subscribers, head, options, report);
            report.Add($"{subscribers} resuming: gateway / bare loop", ours / bare, "×");
        }
    }

    private static void Fill(GatewayChild gateway, int events)
    {
        using PostGenerator generator = new(gateway.Port, 256, new UpdateTemplate(gateway.Port, gateway.WebhookSecret));
        long until = Clock.Now + Clock.Of(FillPatience);
        for (long accepted = 0; accepted < events && Clock.Now < until;)
        {
            accepted += generator.RunClosed(TimeSpan.Zero, TimeSpan.FromMilliseconds(500)).Accepted;
        }
    }

    private static async Task<long> HeadAsync(GatewayChild gateway)
    {
        using HttpClient client = new();
        string answer = await client.GetStringAsync($"http://127.0.0.1:{gateway.Port}/api/v1/events?all=true&api_key={Uri.EscapeDataString(gateway.ApiKey)}");
        using JsonDocument json = JsonDocument.Parse(answer);
        return json.RootElement.GetProperty("next_after").GetInt64();
    }

    private static async Task<double> ResumeAsync(GatewayChild gateway, int subscribers, long head, CommandLine options, Report report)
    {
        long back = Math.Min(options.Number("back", 20_000), head - PositionSpread), expected = 0, events = 0, closed = 0, peak = 0;
        long idle = ProcessFigures.KiloBytes(gateway.Id, "RssAnon");
        double cpu = ProcessFigures.CpuSeconds(gateway.Id);
        long start = Clock.Now, until = start + Clock.Of(options.Seconds("seconds", 120));
        using SubscriberPool pool = new();
        for (int index = 0; index < subscribers; index++)
        {
            long behind = back + (index * 7 % PositionSpread);
            expected += behind;
            pool.Add(gateway.Port, string.Create(CultureInfo.InvariantCulture, $"{gateway.StreamPath}&after={head - behind}"));
        }

        pool.Start();
        while (events < expected && closed == 0 && Clock.Now < until)
        {
            await Task.Delay(Sampling);
            (long more, _, long lost) = pool.Take();
            (events, closed) = (events + more, closed + lost);
            peak = Math.Max(peak, ProcessFigures.KiloBytes(gateway.Id, "RssAnon"));
        }

        double seconds = (Clock.Now - start) / 1e9;
        double perCpuSecond = events / (ProcessFigures.CpuSeconds(gateway.Id) - cpu);
        string name = $"{subscribers} resuming {back} back";
        report.AtLeast($"{name}: delivered of expected", events / (double)expected, "×", 1);
        report.AtMost($"{name}: delivered twice, or lost sockets", Math.Max(0, events - expected) + closed, "", 0);
        report.Add($"{name}: until all have caught up", seconds, "s");
        report.Add($"{name}: deliveries", events / seconds, "events/s");
        report.Add($"{name}: per server-CPU-second", perCpuSecond, "events");
        report.Add($"{name}: RssAnon before", idle / 1024.0, "MB");
        report.Add($"{name}: RssAnon peak", peak / 1024.0, "MB");
        return perCpuSecond;
    }
}
