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

    /// <summary>A source file or a class of tests that a document names must be there under that name: the journey of a message, the laws' tests.</summary>
    [Fact]
    public void Documents_SourceFilesNamed_Exist()
    {
        HashSet<string> names = [.. SourceFile.All.SelectMany(file => (string[])[file.RelativePath, Path.GetFileName(file.RelativePath)])];
        List<string> missing = [];
        int named = 0;
        foreach (string path in Documents())
        {
            foreach (Match match in SourceName().Matches(File.ReadAllText(path)))
            {
                named++;
                string name = match.Groups[1].Value;
                bool isThere = name.EndsWith("Tests", StringComparison.Ordinal)
                    ? names.Contains($"{name}.cs") || Directory.Exists(Path.Combine(RepositoryRoot.Folder, name))
                    : names.Contains(name) || File.Exists(Path.Combine(RepositoryRoot.Folder, name));
                if (!isThere)
                {
                    missing.Add($"{Path.GetRelativePath(RepositoryRoot.Folder, path)}: {name}");
                }
            }
        }

        Violations.None(missing);
        Assert.NotEqual(0, named);
    }

    private static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(RepositoryRoot.Folder, "*.md", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/node_modules/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
                && !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/artifacts/", StringComparison.Ordinal));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:[\w.]+/)*[\w.]+\.(?:cs|sql)|(?:Gateway\.Tests/)?\w+Tests)`")]
    private static partial Regex SourceName();
}
