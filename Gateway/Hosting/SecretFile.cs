using Gateway.Messages;

namespace Gateway.Hosting;

/// <param name="Text">Without the line end that editors add; null with a <paramref name="Failure"/>.</param>
/// <param name="Warning">What is wrong with the file although it could be read.</param>
internal readonly record struct SecretFileOutcome(string? Text, string? Failure, string? Warning);

/// <summary>A secret in a file of its own, as container engines and secret stores mount them. Messages name the file, never what is in it.</summary>
internal static class SecretFile
{
    /// <summary>Standard input, for a secret that is to be in no file at all.</summary>
    public const string StandardInput = "-";

    public static SecretFileOutcome Read(string path)
    {
        try
        {
            if (path == StandardInput) return Judge("standard input", Console.In.ReadToEnd(), null);
            if (new FileInfo(path) is { Exists: true, Length: > Limits.Hosting.SecretFileBytes })
                return new(null, $"{path} has more than {Limits.Hosting.SecretFileBytes} bytes; it holds something else than one secret", null);
            return Judge(path, File.ReadAllText(path), WarningOf(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new(null, e.Message, null);
        }
    }

    private static SecretFileOutcome Judge(string name, string text, string? warning)
    {
        text = text.Trim();
        return text.Length == 0 ? new(null, $"{name} is empty", null) : new(text, null, warning);
    }

    /// <summary>Null when only the owner and his group may read it.</summary>
    public static string? WarningOf(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0
            ? $"every user of this machine may read {path}: chmod 600, or 640 for a group"
            : null;
}
