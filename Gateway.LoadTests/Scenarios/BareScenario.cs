using Gateway.LoadTests.Children;
using Gateway.LoadTests.Posting;

namespace Gateway.LoadTests.Scenarios;

/// <summary>The references alone, without a gateway: tells what the generator and the machine can do at all.</summary>
internal static class BareScenario
{
    public static async Task RunAsync(CommandLine options, Report report)
    {
        using ReferenceChild bare = await ReferenceChild.StartAsync("reference-ingest");
        TimeSpan warmUp = options.Seconds("warm-up", 3), duration = options.Seconds("seconds", 10);
        foreach (int connections in options.Numbers("connections", 32, 256, 1024))
        {
            IngestScenario.Closed(bare.Port, "bare", "bare", connections, bare.Id, warmUp, duration, report);
        }

        int rate = options.Number("rate", 1000);
        using PostGenerator generator = new(bare.Port, 64, new UpdateTemplate(bare.Port, "bare"));
        LoadResult open = generator.RunOpen(rate, warmUp, duration);
        report.Percentiles($"open loop at {rate}/s: bare", open.Latency, null);

        byte[] frame = [0x81, 126, 1, 144, .. "{\"seq\":1,\"text\":\"t=0000000000000000000\""u8, .. new byte[400 - 39]];
        foreach (int subscribers in options.Numbers("subscribers", 1_000, 10_000))
        {
            await FanoutScenario.BareAsync(subscribers, options.Number("deliveries", 20_000) / (double)subscribers, frame, "bare loop", options, report);
        }
    }
}
