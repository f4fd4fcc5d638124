using Gateway.Hosting;

namespace Gateway.Cli.Apply;

/// <summary>
/// Where a secret of the configuration is: <c>file:PATH</c> (relative to the configuration's folder) or <c>env:NAME</c>. The configuration itself goes to
/// version control and reviews, so a secret that stands in it is refused, unread and unrepeated.
/// </summary>
internal readonly record struct SecretReference(FilePosition At, bool IsFile, string Target)
{
    private const string FilePrefix = "file:";
    private const string EnvironmentPrefix = "env:";

    public static SecretReference? TryParse(FilePosition at, string text) =>
        text.Length > FilePrefix.Length && text.StartsWith(FilePrefix, StringComparison.Ordinal) ? new(at, true, text[FilePrefix.Length..])
        : text.Length > EnvironmentPrefix.Length && text.StartsWith(EnvironmentPrefix, StringComparison.Ordinal) ? new(at, false, text[EnvironmentPrefix.Length..])
        : null;

    public string PathIn(string folder) => Path.GetFullPath(Target, Path.GetFullPath(folder));

    /// <summary>Null with the reason, which names the place and never what is there.</summary>
    public string? Resolve(string folder, Action<string> warn, out string reason)
    {
        reason = "";
        if (!IsFile)
        {
            var value = Environment.GetEnvironmentVariable(Target)?.Trim();
            if (string.IsNullOrEmpty(value)) reason = $"the environment variable {Target} is not set";
            return reason.Length == 0 ? value : null;
        }

        var read = SecretFile.Read(PathIn(folder));
        reason = read.Failure ?? "";
        if (read.Warning is not null) warn(read.Warning);
        return read.Text;
    }
}
