using System.Text.RegularExpressions;
using Gateway.Tests.Repository;

namespace Gateway.Tests.Tidy;

public sealed partial class DocumentLinkTests
{
    [Fact]
    public void Documents_RelativeLinks_PointAtSomething()
    {
        List<string> dead = [];
        int links = 0;
        foreach (string path in Documents())
        {
            foreach (Match match in Link().Matches(File.ReadAllText(path)))
            {
                string target = match.Groups[1].Value.Split('#')[0];
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
                {
                    continue;
                }

                links++;
                if (!Path.Exists(Path.GetFullPath(target, Path.GetDirectoryName(path)!)))
                {
                    dead.Add($"{Path.GetRelativePath(RepositoryRoot.Folder, path)}: {target}");
                }
            }
        }

        Violations.None(dead);
        Assert.NotEqual(0, links);
    }

    /// <summary>A file that the journey of a message names must be there under that name.</summary>
    [Fact]
    public void Documents_SourceFilesNamed_Exist()
    {
        List<string> missing = [];
        foreach (string path in Documents())
        {
            foreach (Match match in SourcePath().Matches(File.ReadAllText(path)))
            {
                if (!Path.Exists(Path.Combine(RepositoryRoot.Folder, match.Groups[1].Value)))
                {
                    missing.Add($"{Path.GetRelativePath(RepositoryRoot.Folder, path)}: {match.Groups[1].Value}");
                }
            }
        }

        Violations.None(missing);
    }

    private static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(RepositoryRoot.Folder, "*.md", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/node_modules/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
                && !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/artifacts/", StringComparison.Ordinal));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`(Gateway(?:\.\w+)?/[\w./]+\.(?:cs|sql))`")]
    private static partial Regex SourcePath();
}
