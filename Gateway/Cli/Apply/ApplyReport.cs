using System.Text;

namespace Gateway.Cli.Apply;

/// <summary>How far a run came.</summary>
internal sealed class ApplyProgress
{
    /// <summary>The first so many changes of the plan are made.</summary>
    public int Made { get; set; }

    /// <summary>Keys that were made, with their texts where no file takes them.</summary>
    public List<AppliedKeyJson> Keys { get; } = [];

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
internal sealed record AppliedJson(bool DryRun, int Add, int Change, int Remove, IReadOnlyList<PlannedChangeJson> Changes, IReadOnlyList<AppliedKeyJson> Keys, IReadOnlyList<string> Kept, string? Error, string? Code);

/// <summary>The difference between file and gateway, as lines or as JSON, and what became of it.</summary>
internal static class ApplyReport
{
    private const string Incomplete = "APPLY_INCOMPLETE";

    public static int Done(CliOutput output, Plan plan, ApplyProgress progress, bool isDryRun)
    {
        int Count(ChangeAction action) => plan.Changes.Count(change => change.Action == action);
        var changes = plan.Changes.Select((change, index) => new PlannedChangeJson(
            change.Action.ToString().ToLowerInvariant(), change.Kind, change.Name, [.. change.Fields.Select(field => new FieldChangeJson(field.Field, field.From, field.To))], index < progress.Made));
        var error = progress.Failure is null ? null : $"{plan.Changes[progress.Made].Kind} {plan.Changes[progress.Made].Name}: {progress.Failure}";
        var json = new AppliedJson(
            isDryRun, Count(ChangeAction.Add), Count(ChangeAction.Change), Count(ChangeAction.Remove), [.. changes], progress.Keys, plan.Kept, error, error is null ? null : Incomplete);
        return output.Found(error is null, json, CliJson.Default.AppliedJson, TextOf(plan, progress, isDryRun, error));
    }

    private static string TextOf(Plan plan, ApplyProgress progress, bool isDryRun, string? error)
    {
        var text = new StringBuilder();
        foreach (var change in plan.Changes) text.Append(change).Append('\n');
        foreach (var kept in plan.Kept) text.Append("  kept: ").Append(kept).Append('\n');
        text.Append(plan.Summary);
        if (isDryRun) return text.Append(plan.Changes.Count == 0 ? "" : "; nothing was changed (--dry-run)").ToString();
        foreach (var key in progress.Keys) text.Append($"\nAPI key {key.Id} ({key.Name}), {(key.Key is null ? $"in {key.File}" : $"shown once:\n{key.Key}")}");
        if (error is not null) text.Append($"\nstopped: {error}\n{progress.Made} of {plan.Changes.Count} changes are made; the same command makes the rest");
        return text.ToString();
    }
}
