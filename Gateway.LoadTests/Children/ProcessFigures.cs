using System.Globalization;

namespace Gateway.LoadTests.Children;

/// <summary>What the kernel says of a process.</summary>
internal static class ProcessFigures
{
    // USER_HZ is 100 on every Linux architecture .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of all its threads so far, in seconds.</summary>
    public static double CpuSeconds(int process)
    {
        string stat = File.ReadAllText($"/proc/{process}/stat");

        // The name, in parentheses, may hold spaces; utime and stime are fields 14 and 15, the name is field 2.
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    }

    /// <summary>A line of <c>/proc/PID/status</c> in kB: <c>VmRSS</c>, <c>RssAnon</c> …</summary>
    public static long KiloBytes(int process, string name)
    {
        foreach (string line in File.ReadLines($"/proc/{process}/status"))
        {
            if (line.StartsWith(name + ":", StringComparison.Ordinal))
            {
                return (long)Number(line[(name.Length + 1)..].Trim().Split(' ')[0]);
            }
        }

        return 0;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
