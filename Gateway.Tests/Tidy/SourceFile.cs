using System.Text;
using Gateway.Tests.Repository;

namespace Gateway.Tests.Tidy;

/// <summary>One C# file as the rules see it: its text, and the text with comments and string contents blanked, line for line.</summary>
internal sealed class SourceFile
{
    private SourceFile(string relativePath, string text)
    {
        RelativePath = relativePath;
        Text = text;
        Lines = text.TrimEnd('\n').Split('\n');
        CodeLines = SourceBlanker.Blank(text).TrimEnd('\n').Split('\n');
    }

    /// <summary>With forward slashes, from the repository's root: <c>Gateway/Log/CommitQueue.cs</c>.</summary>
    public string RelativePath { get; }

    public string Text { get; }
    public string[] Lines { get; }
    public string[] CodeLines { get; }

    /// <summary>The first folder below the project: the stage. Empty for files in the project's root.</summary>
    public string Stage
    {
        get
        {
            string[] parts = RelativePath.Split('/');
            return parts.Length > 2 ? parts[1] : "";
        }
    }

    public static IReadOnlyList<SourceFile> Gateway { get; } = Load("Gateway");

    public static IReadOnlyList<SourceFile> All { get; } =
        [.. Gateway, .. Load("Gateway.Tests"), .. Load("Gateway.Benchmarks"), .. Load("Gateway.LoadTests")];

    private static List<SourceFile> Load(string project)
    {
        string folder = Path.Combine(RepositoryRoot.Folder, project);
        List<SourceFile> files = [];
        foreach (string path in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string relative = Path.GetRelativePath(RepositoryRoot.Folder, path).Replace('\\', '/');
            if (!relative.Contains("/bin/", StringComparison.Ordinal) && !relative.Contains("/obj/", StringComparison.Ordinal))
            {
                files.Add(new SourceFile(relative, File.ReadAllText(path, Encoding.UTF8)));
            }
        }

        return files;
    }
}
