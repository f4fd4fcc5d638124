using System.CommandLine;
using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Cli;

/// <summary>The options that say what a key is, for <c>apikey create</c> and <c>apikey set</c>.</summary>
internal static class ApiKeyOptions
{
    public static readonly Option<bool> Admin = new("--admin") { Description = "May see every chat of every bot and, without scopes, everything" };

    public static readonly Option<string[]> Scope = new("--scope")
    {
        Description = $"A permission of the key; may be repeated. One of {string.Join(", ", PermissionNames.All)} [default: {string.Join(", ", PermissionNames.Split(Permission.KeyDefault))}]",
        HelpName = "SCOPE",
        AllowMultipleArgumentsPerToken = true,
    };

    public static readonly Option<string?> Expires = new("--expires") { Description = "When the key ends: 90d, 12h, 30m, 45s, an RFC 3339 time, or never [default: never]", HelpName = "WHEN" };
    public static readonly Option<int?> Rate = new("--rate") { Description = $"Calls a second [default: the server's, {Limits.Access.RequestsPerSecond}]", HelpName = "N" };
    public static readonly Option<int?> Burst = new("--burst") { Description = $"Calls at once after a rest [default: the server's, {Limits.Access.RequestBurst}, or the rate]", HelpName = "N" };

    /// <summary>The settings with what the arguments say, or what is wrong with them.</summary>
    public static (ApiKeySettings? Settings, string Code, string Problem) Apply(ParseResult arguments, ApiKeySettings settings, DateTimeOffset now)
    {
        if (!ApiKeySettings.IsName(settings.Name)) return (null, "INVALID_NAME", $"--name has 1 to {ApiKeySettings.NameChars} characters");
        if (arguments.GetValue(Scope) is { Length: > 0 } names)
        {
            settings = settings with { Scopes = ApiKeySettings.JoinScopes(names) };
            if (settings.Scopes is null) return (null, "INVALID_SCOPE", $"--scope is one of {string.Join(", ", PermissionNames.All)}");
        }

        if (arguments.GetValue(Expires) is { } expires)
        {
            settings = settings with { ExpiresAtMs = expires == "never" ? null : CliTime.ParseExpiry(expires, now) };
            if (settings.ExpiresAtMs is null && expires != "never")
                return (null, "INVALID_EXPIRY", "--expires is 90d, 12h, 30m, 45s, a time in the future, or never");
        }

        settings = settings with { RatePerSecond = arguments.GetValue(Rate) ?? settings.RatePerSecond, RateBurst = arguments.GetValue(Burst) ?? settings.RateBurst };
        if (settings.RatePerSecond is { } rate && !ApiKeySettings.IsRate(rate)) return (null, "INVALID_RATE", $"--rate is 1 to {Limits.Access.RequestsPerSecondMost}");
        if (settings.RateBurst is { } burst && !ApiKeySettings.IsBurst(burst)) return (null, "INVALID_RATE", $"--burst is 1 to {Limits.Access.RequestBurstMost}");
        return (settings, "", "");
    }
}
