using System.Text;

namespace Gateway.Cli.Apply;

/// <summary>How far a run came.</summary>
internal sealed class ApplyProgress
{
    /// <summary>The first so many changes of the plan are made.</summary>
    public int Made { get; set; }

    /// <summary>Why the next change was not made; null: all were.</summary>
    public string? Failure { get; set; }
}

internal sealed record FileErrorJson(long Line, long Column, string Message);

internal sealed record FileErrorsJson(IReadOnlyList<FileErrorJson> Errors);

internal sealed record ConfigurationErrorJson(string Error, string Code, FileErrorsJson Details);

internal sealed record FieldChangeJson(string Field, string? From, string? To);

internal sealed record PlannedChangeJson(string Action, string Kind, string Name, IReadOnlyList<FieldChangeJson> Fields, bool Made);

/// <param name="Key">The key's text, shown once; null when it was written to <paramref name="File"/>.</param>
internal sealed record AppliedKeyJson(long Id, string Name, string? Key, string? File);

/// <param name="Error">Null: everything is as the file says.</param>
internal sealed record AppliedJson(bool DryRun, int Add, int Change, int Remove, IReadOnlyList<PlannedChangeJson> Changes, IReadOnlyList<string> Kept, string? Error, string? Code);

/// <summary>
/// The difference between file and gateway, as lines or as one JSON object, and what became of it. It is written as it comes about: a key's text is
/// out before the key is good for anything, so that no end of the process, however sudden, leaves a key in use that nobody was shown.
/// </summary>
internal sealed class ApplyReport(CliOutput output, Plan plan)
{
    private const string Incomplete = "APPLY_INCOMPLETE";

    private int keys;

    /// <summary>Of a run that only looks.</summary>
    public static int Show(CliOutput output, Plan plan)
    {
        var report = new ApplyReport(output, plan);
        report.Begin();
        return report.End(new ApplyProgress(), isDryRun: true);
    }

    /// <summary>JSON: the keys come first, for the rest is known at the end only.</summary>
    public void Begin() => output.WritePart(output.IsJson ? "{\"keys\":[" : PlanText());

    /// <summary>A key that is about to be good.</summary>
    public void Show(AppliedKeyJson key)
    {
        var comma = keys++ == 0 ? "" : ",";
        output.WritePart(output.IsJson
            ? comma + CliOutput.Serialize(key, CliJson.Default.AppliedKeyJson)
            : $"\nAPI key {key.Id} ({key.Name}), {(key.Key is null ? $"in {key.File}" : $"shown once:\n{key.Key}")}");
    }

    public int End(ApplyProgress progress, bool isDryRun)
    {
        int Count(ChangeAction action) => plan.Changes.Count(change => change.Action == action);
        var changes = plan.Changes.Select((change, index) => new PlannedChangeJson(
            change.Action.ToString().ToLowerInvariant(), change.Kind, change.Name, [.. change.Fields.Select(field => new FieldChangeJson(field.Field, field.From, field.To))], index < progress.Made));
        var error = progress.Failure is null ? null : $"{plan.Changes[progress.Made].Kind} {plan.Changes[progress.Made].Name}: {progress.Failure}";
        var json = new AppliedJson(
            isDryRun, Count(ChangeAction.Add), Count(ChangeAction.Change), Count(ChangeAction.Remove), [.. changes], plan.Kept, error, error is null ? null : Incomplete);
        // The members of this object go on in the one that was begun.
        output.WritePart((output.IsJson ? $"],{CliOutput.Serialize(json, CliJson.Default.AppliedJson)[1..]}" : EndText(progress, isDryRun, error)) + Environment.NewLine);
        return error is null ? ExitCode.Done : ExitCode.Refused;
    }

    private string PlanText()
    {
        var text = new StringBuilder();
        foreach (var change in plan.Changes) text.Append(change).Append('\n');
        foreach (var kept in plan.Kept) text.Append("  kept: ").Append(kept).Append('\n');
        return text.Append(plan.Summary).ToString();
    }

    private string EndText(ApplyProgress progress, bool isDryRun, string? error) =>
        isDryRun ? plan.Changes.Count == 0 ? "" : "; nothing was changed (--dry-run)"
        : error is null ? ""
        : $"\nstopped: {error}\n{progress.Made} of {plan.Changes.Count} changes are made; the same command makes the rest";
}
