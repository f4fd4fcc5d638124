using System.Globalization;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>What can be said of a key when it is made, and changed later.</summary>
/// <param name="Scopes">Names of permissions with a space between; null: none were given, see <see cref="PermissionNames.OfKey"/>.</param>
/// <param name="ExpiresAtMs">Unix milliseconds; null: never.</param>
/// <param name="RatePerSecond">Calls a second; null: as everybody.</param>
internal sealed record ApiKeySettings(string Name, bool IsAdmin = false, string? Scopes = null, long? ExpiresAtMs = null, int? RatePerSecond = null, int? RateBurst = null)
{
    public const int NameChars = 128;

    /// <summary>What the key may call.</summary>
    public Permission Permissions => PermissionNames.OfKey(IsAdmin, Scopes);

    /// <summary>As they are stored: each once, in the order of all permissions. Null for an unknown one.</summary>
    public static string? JoinScopes(IEnumerable<string> names)
    {
        var set = Permission.None;
        foreach (var name in names)
        {
            if (!PermissionNames.TryParse(name, out var permission)) return null;
            set |= permission;
        }

        return string.Join(' ', PermissionNames.Split(set));
    }

    public static bool IsName(string name) => name.Length is > 0 and <= NameChars && name.Trim().Length == name.Length && !name.Any(char.IsControl);

    public static bool IsRate(long perSecond) => perSecond is > 0 and <= Limits.Access.RequestsPerSecondMost;

    public static bool IsBurst(long burst) => burst is > 0 and <= Limits.Access.RequestBurstMost;

    /// <summary>For the audit log.</summary>
    public string ToJson() => AuditJson.Of(json =>
    {
        json.WriteString("name", Name);
        json.WriteBoolean("is_admin", IsAdmin);
        if (Scopes is not null) json.WriteString("scopes", Scopes);
        if (ExpiresAtMs is { } ms) json.WriteString("expires_at", DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        if (RatePerSecond is { } rate) json.WriteNumber("rate_per_second", rate);
        if (RateBurst is { } burst) json.WriteNumber("rate_burst", burst);
    });
}
