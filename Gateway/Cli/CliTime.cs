using System.Globalization;

namespace Gateway.Cli;

/// <summary>Times as the command line writes and reads them.</summary>
internal static class CliTime
{
    /// <summary>RFC 3339 in UTC.</summary>
    public static string? Text(long? unixMs) =>
        unixMs is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture) : null;

    /// <summary><c>90d</c>, <c>12h</c>, <c>30m</c>, <c>45s</c>, or an RFC 3339 time; null for anything else and for what lies in the past.</summary>
    public static long? ParseExpiry(string text, DateTimeOffset now)
    {
        if (text.Length > 1 && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and < 10_000_000)
        {
            long? seconds = text[^1] switch { 'd' => 86_400, 'h' => 3_600, 'm' => 60, 's' => 1, _ => null };
            // A hundred years: what is meant to be longer is a key without expiry.
            return seconds is { } unit && count * unit <= 36_500L * 86_400 ? now.AddSeconds(count * unit).ToUnixTimeMilliseconds() : null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time > now
            ? time.ToUnixTimeMilliseconds()
            : null;
    }
}
