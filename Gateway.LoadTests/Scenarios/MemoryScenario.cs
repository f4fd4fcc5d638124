using Gateway.LoadTests.Children;
using Gateway.LoadTests.Streaming;

namespace Gateway.LoadTests.Scenarios;

/// <summary>What an idle gateway and an idle WebSocket hold in resident memory.</summary>
internal static class MemoryScenario
{
    private const double IdleMarkMegaBytes = 20, SocketMarkKiloBytes = 14;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(CommandLine options, Report report)
    {
        using GatewayChild gateway = await GatewayChild.StartAsync(options);
        await Task.Delay(Settling);
        report.AtMost("idle: RssAnon", ProcessFigures.KiloBytes(gateway.Id, "RssAnon") / 1024.0, "MB", IdleMarkMegaBytes);
        report.Add("idle: VmRSS", ProcessFigures.KiloBytes(gateway.Id, "VmRSS") / 1024.0, "MB");

        int sockets = options.Number("sockets", 5_000);
        using SubscriberPool pool = new();
        pool.Add(gateway.Port, gateway.StreamPath);
        pool.Start();
        using SubscriberPool many = new();

        // One connection's worth of code, caches and pools is loaded before the count begins.
        await Task.Delay(Settling);
        long before = ProcessFigures.KiloBytes(gateway.Id, "VmRSS");
        for (int index = 0; index < sockets; index++)
        {
            many.Add(gateway.Port, gateway.StreamPath);
        }

        many.Start();
        await Task.Delay(Settling * 2);
        long after = ProcessFigures.KiloBytes(gateway.Id, "VmRSS");
        report.Add($"{sockets} idle sockets: VmRSS", after / 1024.0, "MB");
        report.AtMost($"{sockets} idle sockets: resident per socket", (after - before) / (double)sockets, "kB", SocketMarkKiloBytes);
        report.AtMost("subscribers lost", many.Take().Closed, "sockets", 0);
    }
}
