namespace Gateway.Tests.Tidy;

internal static class Violations
{
    /// <summary>Like Assert.Empty, but names every one: the reader wants the list, not its first five.</summary>
    public static void None(IEnumerable<string> found)
    {
        string[] all = [.. found.Distinct().Order(StringComparer.Ordinal)];
        Assert.True(all.Length == 0, $"{all.Length} found:\n{string.Join('\n', all)}");
    }
}
