using System.Globalization;
using System.Text.Json;

namespace Gateway.Http;

/// <summary>Times as every answer has them: RFC 3339, UTC, milliseconds.</summary>
internal static class JsonTime
{
    public static string Text(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    public static void Write(Utf8JsonWriter json, string name, long unixMs) => json.WriteString(name, Text(unixMs));

    /// <summary><see cref="long.MaxValue"/> stands for never, which is null.</summary>
    public static void WriteOrNull(Utf8JsonWriter json, string name, long unixMs)
    {
        if (unixMs == long.MaxValue) json.WriteNull(name);
        else Write(json, name, unixMs);
    }
}
