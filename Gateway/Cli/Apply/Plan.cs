namespace Gateway.Cli.Apply;

/// <param name="Changes">In the order in which they can be made: what others name comes first, and goes last.</param>
/// <param name="Kept">What <c>--prune</c> left although the file does not have it, and why.</param>
internal sealed record Plan(IReadOnlyList<PlannedChange> Changes, IReadOnlyList<string> Kept)
{
    public string Summary
    {
        get
        {
            if (Changes.Count == 0) return "nothing to change";
            int Count(ChangeAction action) => Changes.Count(change => change.Action == action);
            return $"{Changes.Count} changes: {Count(ChangeAction.Add)} to add, {Count(ChangeAction.Change)} to change, {Count(ChangeAction.Remove)} to remove";
        }
    }
}
