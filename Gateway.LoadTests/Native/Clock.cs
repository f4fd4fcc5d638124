using System.Diagnostics;

namespace Gateway.LoadTests.Native;

/// <summary>Nanoseconds on the monotonic clock: what every latency here is measured with.</summary>
internal static class Clock
{
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    public static long Now => (long)(Stopwatch.GetTimestamp() * NanosecondsPerTick);

    public static long Of(TimeSpan span) => span.Ticks * 100;
}
