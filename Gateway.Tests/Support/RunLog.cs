using System.Buffers;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>
/// Everything that gateways logged in this run, in processes of their own and in this one, in one file that is searched for
/// <see cref="Secrets"/> when the run ends.
/// </summary>
internal static class RunLog
{
    private static readonly Lock Gate = new();
    private static readonly string FilePath = Path.Combine(Path.GetTempPath(), $"gateway-test-run-{Environment.ProcessId}.log");
    private static StreamWriter? writer;

    /// <param name="source">Which gateway or test, for the one who reads of a leak.</param>
    public static void Write(string source, string line)
    {
        lock (Gate)
        {
            writer ??= new StreamWriter(FilePath, append: false, new UTF8Encoding(false));
            writer.Write(source);
            writer.Write(": ");
            writer.WriteLine(line);
        }
    }

    /// <summary>One line for each secret that stands in the log, with the place but without the secret.</summary>
    public static IReadOnlyList<string> FindLeaks(IReadOnlyDictionary<string, string> secrets)
    {
        lock (Gate)
        {
            writer?.Flush();
            return writer is null ? [] : FindLeaks(File.ReadLines(FilePath), secrets);
        }
    }

    /// <summary>The search itself, over any lines: a test holds it to a leak made on purpose.</summary>
    public static IReadOnlyList<string> FindLeaks(IEnumerable<string> lines, IReadOnlyDictionary<string, string> secrets)
    {
        if (secrets.Count == 0) return [];
        // One pass over the log whatever the number of secrets.
        var any = SearchValues.Create([.. secrets.Keys], StringComparison.Ordinal);
        var leaks = new HashSet<string>();
        foreach (var line in lines)
        {
            if (line.AsSpan().IndexOfAny(any) < 0) continue;
            foreach (var (secret, what) in secrets)
            {
                if (line.Contains(secret, StringComparison.Ordinal)) leaks.Add($"{what}: {line.Replace(secret, "<the secret>", StringComparison.Ordinal)}");
            }
        }

        return [.. leaks.Order(StringComparer.Ordinal)];
    }

    public static void Delete()
    {
        lock (Gate)
        {
            writer?.Dispose();
            writer = null;
            File.Delete(FilePath);
        }
    }
}
