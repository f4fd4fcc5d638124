using System.Globalization;

namespace Gateway.Http;

/// <summary>Times as clients give them.</summary>
internal static class Rfc3339Time
{
    /// <summary>In UTC; null for anything but date, time and zone: a time without a zone would mean another one on each machine.</summary>
    public static DateTimeOffset? Parse(string? text) =>
        text is { Length: >= 20 and <= 40 } && text[10] is 'T' or 't' && HasZone(text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time.ToUniversalTime() : null;

    private static bool HasZone(string text) => text[^1] is 'Z' or 'z' || text[^6] is '+' or '-';
}
