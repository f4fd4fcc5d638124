using Gateway.Messages;

namespace Gateway.Cli.Apply;

/// <summary>The text of a configuration, out of a file or standard input, never more than its bound.</summary>
internal static class ConfigurationText
{
    public const string StandardInput = "-";

    /// <summary>Null with the reason.</summary>
    public static async Task<(string? Text, string Reason)> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            using var reader = path == StandardInput ? Console.In : new StreamReader(path);
            // Characters instead of bytes: never fewer bytes, and known without a second look.
            var buffer = new char[Limits.Cli.ConfigurationBytes + 1];
            var length = await reader.ReadBlockAsync(buffer, cancellation);
            return length == buffer.Length ? (null, $"{path} has more than {Limits.Cli.ConfigurationBytes} bytes") : (new string(buffer, 0, length), "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, e.Message);
        }
    }
}
