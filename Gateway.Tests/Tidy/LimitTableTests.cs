using System.Globalization;
using System.Reflection;
using Gateway.Messages;
using Gateway.Tests.Repository;

namespace Gateway.Tests.Tidy;

/// <summary>Holds <c>docs/limits.md</c> true: every bound is in it once, with its value and a test that exists, or with the reason why there is none.</summary>
public sealed class LimitTableTests
{
    private const string Tuning = "tuning: ";

    private sealed record Row(string Limit, string Value, string Answer, string ShownBy);

    private static readonly Row[] Rows = [.. Read()];

    [Fact]
    public void Table_EachLimit_HasOneRowWithItsValue()
    {
        var limits = typeof(Limits).GetNestedTypes(BindingFlags.NonPublic)
            .SelectMany(stage => stage.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .ToDictionary(limit => $"{limit.DeclaringType!.Name}.{limit.Name}", TextOf);
        var told = Rows.ToLookup(row => row.Limit, row => row.Value);

        Violations.None(
        [
            .. limits.Where(limit => told[limit.Key].Count() != 1).Select(limit => $"{limit.Key} has {told[limit.Key].Count()} rows"),
            .. limits.Where(limit => told[limit.Key].Any(value => value != limit.Value)).Select(limit => $"{limit.Key} is {limit.Value}"),
            .. told.Where(row => !limits.ContainsKey(row.Key)).Select(row => $"{row.Key} is no limit"),
        ]);
    }

    [Fact]
    public void Table_EachTestNamed_Exists()
    {
        var tests = typeof(LimitTableTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(FactAttribute), inherit: true))
            .Select(method => $"`{method.DeclaringType!.Name}.{method.Name}`")
            .ToHashSet();

        Violations.None(Rows.Where(row => !row.ShownBy.StartsWith(Tuning, StringComparison.Ordinal))
            .SelectMany(row => row.ShownBy.Split(", "), (row, test) => (row.Limit, Test: test))
            .Where(row => !tests.Contains(row.Test))
            .Select(row => $"{row.Limit}: {row.Test} is no test"));
        Assert.DoesNotContain(Rows, row => row.Answer.Length == 0 || row.ShownBy.Length <= Tuning.Length);
    }

    /// <summary>A number without an answer is the exception: a bound that users can meet does not hide among them.</summary>
    [Fact]
    public void Table_TuningNumbers_AreFew() =>
        Assert.InRange(Rows.Count(row => row.ShownBy.StartsWith(Tuning, StringComparison.Ordinal)), 1, Rows.Length / 6);

    private static IEnumerable<Row> Read()
    {
        var stage = "";
        foreach (var line in File.ReadLines(Path.Combine(RepositoryRoot.Folder, "docs", "limits.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal)) stage = line[3..];
            if (!line.StartsWith("| `", StringComparison.Ordinal)) continue;
            var cells = line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
            yield return new Row($"{stage}.{cells[0].Trim('`')}", cells[1], cells[2], cells[3]);
        }
    }

    private static string TextOf(FieldInfo limit) => limit.GetValue(null) switch
    {
        TimeSpan time when time.Ticks % TimeSpan.TicksPerHour == 0 => Text($"{time.TotalHours} h"),
        TimeSpan time when time.Ticks % TimeSpan.TicksPerMinute == 0 => Text($"{time.TotalMinutes} min"),
        TimeSpan time when time.Ticks % TimeSpan.TicksPerSecond == 0 => Text($"{time.TotalSeconds} s"),
        TimeSpan time => Text($"{time.TotalMilliseconds} ms"),
        IConvertible number when limit.Name.EndsWith("Bytes", StringComparison.Ordinal) => BytesOf(number.ToInt64(CultureInfo.InvariantCulture)),
        double number => Text($"{number}"),
        var number => Text($"{number:N0}"),
    };

    private static string BytesOf(long bytes) =>
        bytes % (1 << 20) == 0 ? Text($"{bytes >> 20} MiB") : bytes % 1024 == 0 ? Text($"{bytes >> 10} KiB") : Text($"{bytes}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
