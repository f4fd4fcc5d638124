using System.Text.RegularExpressions;

namespace Gateway.Tests.Tidy;

/// <summary>
/// <c>test.sh --fast</c> leaves out by name what needs MariaDB. A class that uses the server without saying so in its name would
/// fail on a machine that has none.
/// </summary>
public sealed partial class FastSubsetTests
{
    [Fact]
    public void TestClasses_ThatNeedMariaDb_SaySoInTheirName()
    {
        IEnumerable<string> unnamed = SourceFile.All
            .Where(file => file.RelativePath.StartsWith("Gateway.Tests/", StringComparison.Ordinal))
            .Where(file => file.CodeLines.Any(line => HasTests().IsMatch(line)) && file.CodeLines.Any(line => UsesServer().IsMatch(line)))
            .Where(file => !IsLeftOut(file))
            .Select(file => $"{file.RelativePath}: put MySql or MariaDb into the class's name, or move it to Faults");

        Violations.None(unnamed);
    }

    private static bool IsLeftOut(SourceFile file) =>
        file.RelativePath.Contains("/Faults/", StringComparison.Ordinal)
        || file.RelativePath.Contains("MySql", StringComparison.Ordinal)
        || file.RelativePath.Contains("MariaDb", StringComparison.Ordinal);

    [GeneratedRegex(@"^\s*\[(Fact|Theory)\b|\bclass \w+.*: \w*(Suite|Tests)\b")]
    private static partial Regex HasTests();

    [GeneratedRegex(@"\bMariaDb(Fixture|Server|Collection)\b")]
    private static partial Regex UsesServer();
}
