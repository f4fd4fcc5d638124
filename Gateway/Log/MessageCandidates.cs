namespace Gateway.Log;

internal static class MessageCandidates
{
    /// <summary>The newest of several walks' finds, each once (a message is found by its chat and by its bot), newest first.</summary>
    public static List<long> Merge(List<long> ids, int count)
    {
        ids.Sort(static (a, b) => b.CompareTo(a));
        var kept = 0;
        for (var i = 0; i < ids.Count && kept < count; i++)
            if (kept == 0 || ids[i] != ids[kept - 1]) ids[kept++] = ids[i];
        ids.RemoveRange(kept, ids.Count - kept);
        return ids;
    }
}
