using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Gateway.Messages;

namespace Gateway.Tests.Tidy;

/// <summary>What operators and dashboards know by number or name: event ids, metric names, limits.</summary>
public sealed partial class NumberedThingsTests
{
    private static readonly Dictionary<string, (int First, int Last)> EventIds = new()
    {
        ["Hosting"] = (1000, 1099),
        ["Http"] = (1100, 1199),
        ["Ingest"] = (1200, 1299),
        ["Log"] = (1300, 1399),
        ["Storage"] = (1400, 1499),
        ["Publish"] = (1500, 1599),
        ["Deliver"] = (1600, 1699),
        ["Access"] = (1700, 1799),
        ["Send"] = (1800, 1899),
        ["Cli"] = (1900, 1999),
    };

    [Fact]
    public void EventIds_PerStage_AreUniqueAndInRange()
    {
        List<string> wrong = [];
        Dictionary<int, string> owners = [];
        foreach ((SourceFile file, string block) in SourceFile.Gateway.SelectMany(file => LoggerMessages(file)))
        {
            Match id = EventId().Match(block);
            int number = id.Success ? int.Parse(id.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
            if (!EventIds.TryGetValue(file.Stage, out (int First, int Last) range) || number < range.First || number > range.Last)
            {
                wrong.Add($"{file.RelativePath}: event id {number} is not one of stage {file.Stage}");
            }
            else if (!owners.TryAdd(number, file.RelativePath))
            {
                wrong.Add($"{file.RelativePath}: event id {number} is taken by {owners[number]}");
            }
        }

        Violations.None(wrong);
        Assert.NotEmpty(owners);
    }

    [Fact]
    public void Metrics_Names_AreUniqueAndLowerCase()
    {
        List<string> names = [.. SourceFile.Gateway.SelectMany(file => MetricName().Matches(file.Text)).Select(match => match.Groups[1].Value)];

        Assert.NotEmpty(names);
        Violations.None(names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.All(names, name => Assert.Matches("^gateway(\\.[a-z_0-9]+)+$", name));
    }

    [Fact]
    public void Limits_EachConstant_IsUsed()
    {
        List<string> unused = [];
        foreach (Type stage in typeof(Limits).GetNestedTypes(BindingFlags.NonPublic | BindingFlags.Public))
        {
            foreach (FieldInfo limit in stage.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            {
                Regex use = new($@"\bLimits\.{stage.Name}\.{limit.Name}\b");
                if (!SourceFile.Gateway.Any(file => !file.RelativePath.EndsWith("/Limits.cs", StringComparison.Ordinal) && file.CodeLines.Any(use.IsMatch)))
                {
                    unused.Add($"{stage.Name}.{limit.Name}");
                }
            }
        }

        Violations.None(unused);
    }

    [Fact]
    public void Interfaces_EachOne_HasTwoImplementations()
    {
        Type[] types = typeof(Limits).Assembly.GetTypes();
        IEnumerable<string> lonely = types
            .Where(type => type.IsInterface && type.Namespace?.StartsWith("Gateway", StringComparison.Ordinal) == true)
            .Where(contract => types.Count(type => type is { IsInterface: false, IsAbstract: false } && contract.IsAssignableFrom(type)) < 2)
            .Select(contract => contract.FullName!);

        Violations.None(lonely);
    }

    [Fact]
    public void Types_OfTheGateway_AreInternal()
    {
        IEnumerable<string> visible = typeof(Limits).Assembly.GetExportedTypes().Select(type => type.FullName!).Where(name => name.StartsWith("Gateway", StringComparison.Ordinal));

        Violations.None(visible);
    }

    private static IEnumerable<(SourceFile File, string Block)> LoggerMessages(SourceFile file) =>
        file.Text.Split("[LoggerMessage(").Skip(1).Select(block => (file, block));

    [GeneratedRegex(@"^\s*(?:EventId\s*=\s*)?(\d+)")]
    private static partial Regex EventId();

    [GeneratedRegex(@"\.Create(?:Counter|Histogram|UpDownCounter|Gauge|ObservableGauge|ObservableCounter|ObservableUpDownCounter)(?:<\w+>)?\(\s*""([^""]+)""")]
    private static partial Regex MetricName();
}
