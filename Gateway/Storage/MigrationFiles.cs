using System.Globalization;

namespace Gateway.Storage;

/// <param name="Version">The number the file name starts with.</param>
/// <param name="Name">The rest of the file name.</param>
internal sealed record MigrationFile(int Version, string Name, string Sql)
{
    /// <summary>One by one, without comments. A statement ends where a line ends with a semicolon; no text in our files does.</summary>
    public IEnumerable<string> Statements =>
        string.Join('\n', Sql.Split('\n').Where(line => !line.TrimStart().StartsWith("--", StringComparison.Ordinal)))
            .Split(";\n", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>The numbered SQL files that are embedded as <c>migrations/&lt;dialect&gt;/NNNN_name.sql</c>, in order.</summary>
internal static class MigrationFiles
{
    public static IReadOnlyList<MigrationFile> Of(string dialect)
    {
        var assembly = typeof(MigrationFiles).Assembly;
        var prefix = $"migrations/{dialect}/";
        var files = new List<MigrationFile>();
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            // On Windows builds MSBuild's %(RecursiveDir) has backslashes.
            var name = resource.Replace('\\', '/');
            if (!name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var file = Path.GetFileNameWithoutExtension(name);
            files.Add(new MigrationFile(int.Parse(file.AsSpan(0, 4), CultureInfo.InvariantCulture), file[5..], reader.ReadToEnd()));
        }

        files.Sort((a, b) => a.Version.CompareTo(b.Version));
        return files;
    }
}
