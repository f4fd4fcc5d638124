using System.Text.RegularExpressions;

namespace Gateway.Tests.Tidy;

/// <summary>
/// Data flows one way: a stage names its own types, the shared vocabulary, and the next stage's inbox. The table is the
/// whole rule; "Stage:Type,Type" allows only these types of that stage.
/// </summary>
public sealed partial class LayeringTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Messages"] = [],
        ["Telemetry"] = ["Messages"],
        ["Http"] = ["Messages", "Telemetry"],
        ["Storage"] = ["Messages", "Telemetry"],
        ["Access"] = ["Messages", "Telemetry", "Storage", "Http"],
        ["Log"] = ["Messages", "Telemetry", "Storage", "Publish:PublishQueue"],
        ["Ingest"] = ["Messages", "Telemetry", "Storage", "Access", "Http", "Log:CommitQueue,CommitItem,CommitOutcome,CommitStatus"],
        ["Publish"] = ["Messages", "Telemetry", "Log:ILogStore,HighWater,LogQuery,LogPage,LogHead,BotRetention,LogReset", "Deliver:Hub,HubInbox"],
        ["Deliver"] = ["Messages", "Telemetry", "Access", "Http", "Storage:IDatabase", "Log:ILogStore,LogQuery,LogPage,LogHead,BotRetention,LogReset"],
    };

    /// <summary>They put the stages together, so they may name all of them; nothing names them.</summary>
    private static readonly string[] Composers = ["", "Api", "Cli", "Hosting"];

    /// <summary>Picks the engine's two halves, so it names a log store from the storage side.</summary>
    private const string StorageComposer = "Gateway/Storage/StorageFactory.cs";

    [Fact]
    public void Stages_References_FollowTheFlow()
    {
        Dictionary<string, string> stageOfType = TypesByStage();
        List<string> violations = [];
        foreach (SourceFile file in SourceFile.Gateway.Where(file => !Composers.Contains(file.Stage) && file.RelativePath != StorageComposer))
        {
            if (!Allowed.TryGetValue(file.Stage, out string[]? rules))
            {
                violations.Add($"{file.RelativePath}: stage {file.Stage} has no line in the table");
                continue;
            }

            foreach (string other in ReferencedStages(file))
            {
                string? rule = rules.FirstOrDefault(rule => rule.Split(':')[0] == other);
                if (rule is null)
                {
                    violations.Add($"{file.RelativePath} names {other}");
                }
                else if (rule.Contains(':', StringComparison.Ordinal))
                {
                    string[] types = rule.Split(':')[1].Split(',');
                    violations.AddRange(NamedTypes(file, stageOfType, other).Except(types).Select(type => $"{file.RelativePath} names {other}.{type}"));
                }
            }
        }

        Violations.None(violations.Order());
    }

    [Fact]
    public void Table_EachLine_IsAboutAStageThatExists()
    {
        HashSet<string> stages = [.. SourceFile.Gateway.Select(file => file.Stage)];

        Violations.None(Allowed.Keys.Except(stages));
    }

    [Fact]
    public void ReferencedStages_UsingAndQualifiedName_BothCount()
    {
        // Guards the rule itself: the composition root names every stage one way or the other.
        HashSet<string> named = [.. SourceFile.Gateway.Where(file => file.Stage == "Hosting").SelectMany(ReferencedStages)];

        Assert.Superset(new HashSet<string> { "Access", "Http", "Ingest", "Log", "Publish", "Deliver" }, named);
    }

    private static HashSet<string> ReferencedStages(SourceFile file)
    {
        HashSet<string> stages = [];
        foreach (string line in file.CodeLines)
        {
            foreach (Match match in StageName().Matches(line))
            {
                stages.Add(match.Groups[1].Value);
            }
        }

        stages.Remove(file.Stage);
        return stages;
    }

    private static IEnumerable<string> NamedTypes(SourceFile file, Dictionary<string, string> stageOfType, string stage) =>
        file.CodeLines.SelectMany(line => Word().Matches(line)).Select(match => match.Value).Distinct()
            .Where(word => stageOfType.TryGetValue(word, out string? owner) && owner == stage);

    private static Dictionary<string, string> TypesByStage()
    {
        Dictionary<string, string> result = [];
        foreach (SourceFile file in SourceFile.Gateway)
        {
            foreach (Match match in file.CodeLines.SelectMany(line => TypeDeclaration().Matches(line)))
            {
                result[match.Groups[1].Value] = file.Stage;
            }
        }

        return result;
    }

    [GeneratedRegex(@"\bGateway\.([A-Z]\w+)(?=[.;])")]
    private static partial Regex StageName();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"\b(?:class|struct|record|interface|enum|delegate \w+) ([A-Z]\w+)")]
    private static partial Regex TypeDeclaration();
}
