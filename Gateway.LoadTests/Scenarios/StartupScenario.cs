using Gateway.LoadTests.Children;

namespace Gateway.LoadTests.Scenarios;

/// <summary>From exec to the first 200 of <c>/health</c>, on data that is there already.</summary>
internal static class StartupScenario
{
    private const double MarkMs = 150;

    public static async Task RunAsync(CommandLine options, Report report)
    {
        using GatewayChild gateway = await GatewayChild.StartAsync(options);
        int starts = options.Number("starts", 10);
        List<double> times = [];
        for (int start = 0; start < starts; start++)
        {
            gateway.Stop();
            times.Add((await gateway.StartAsync()).TotalMilliseconds);
        }

        times.Sort();
        report.AtMost($"exec to first healthy answer, median of {starts}", times[starts / 2], "ms", MarkMs);
        report.Add("fastest", times[0], "ms");
        report.Add("slowest", times[^1], "ms");
    }
}
