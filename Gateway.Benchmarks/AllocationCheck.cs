using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Gateway.Benchmarks;

/// <summary>
/// Allocated bytes per operation against the baseline file: seconds instead of BenchmarkDotNet's minutes, because bytes, unlike times, are
/// nearly the same in every run. What counts is all threads' allocation, so work moved to another thread does not hide.
/// </summary>
internal static class AllocationCheck
{
    // Buffers that double, pools that fill and batches that fall differently move the average by a few per cent; a new object per update
    // of 24 bytes (the smallest there is) must not pass where there is little now.
    private const double Tolerance = 1.10, ToleranceBytes = 16;
    private const int WarmUps = 20, Rounds = 9;

    public static async Task<int> RunAsync(string baselinePath, bool update)
    {
        Dictionary<string, double> baseline = File.Exists(baselinePath)
            ? JsonSerializer.Deserialize<Dictionary<string, double>>(await File.ReadAllTextAsync(baselinePath))!
            : [];
        Dictionary<string, double> measured = [];
        int worse = 0;
        Console.WriteLine($"{"bytes allocated per operation",-40} {"now",10} {"baseline",10} {"µs",8}");
        foreach (Operation operation in Operation.All())
        {
            (double bytes, double microseconds) = await MeasureAsync(operation);
            measured[operation.Name] = Math.Round(bytes, 1);
            bool isKnown = baseline.TryGetValue(operation.Name, out double before);
            bool isWorse = !update && (!isKnown || bytes > before * Tolerance + ToleranceBytes);
            worse += isWorse ? 1 : 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{operation.Name,-40} {bytes,10:0.0} {(isKnown ? before : double.NaN),10:0.0} {microseconds,8:0.00}{(isWorse ? "  MORE THAN THE BASELINE" : "")}"));
        }

        if (update)
        {
            await File.WriteAllTextAsync(baselinePath, JsonSerializer.Serialize(measured, new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }

        Console.WriteLine($"{measured.Count - worse} within the baseline, {worse} above");
        return worse == 0 ? 0 : 1;
    }

    private static async Task<(double Bytes, double Microseconds)> MeasureAsync(Operation operation)
    {
        await using (operation)
        {
            await operation.SetUpAsync();
            for (int round = 0; round < WarmUps; round++)
            {
                await operation.RunAsync();
            }

            double[] bytes = new double[Rounds], microseconds = new double[Rounds];
            for (int round = 0; round < Rounds; round++)
            {
                long before = GC.GetTotalAllocatedBytes(precise: true);
                long start = Stopwatch.GetTimestamp();
                await operation.RunAsync();
                microseconds[round] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Operation.PerRun;
                bytes[round] = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Operation.PerRun;
            }

            // The median: one round that met a growing buffer or the tiering of the JIT says nothing.
            Array.Sort(bytes);
            Array.Sort(microseconds);
            return (bytes[Rounds / 2], microseconds[Rounds / 2]);
        }
    }
}
