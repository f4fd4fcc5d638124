using System.Text.RegularExpressions;

namespace Gateway.Telemetry;

/// <summary>
/// The last line of defence of "secrets never reach a log": no log statement takes a secret, and what exceptions and libraries put into
/// their messages is searched for the forms our secrets have before it is written.
/// </summary>
internal static partial class Redaction
{
    public const string Mark = "[redacted]";

    public static string Clean(string text) => MayHoldSecret(text) ? Secrets().Replace(text, Hide) : text;

    // Most lines have none of these characters sequences; the expression runs only on those that might.
    private static bool MayHoldSecret(string text) =>
        text.Contains(':') || text.Contains("tgw_", StringComparison.Ordinal) || text.Contains("tgr_", StringComparison.Ordinal)
        || text.Contains("tgt_", StringComparison.Ordinal) || text.Contains("eyJ", StringComparison.Ordinal) || text.Contains('=') || text.Contains('/');

    private static string Hide(Match match) => match.Groups["keep"].Value + Mark;

    /// <summary>Bot tokens (Bot API: digits, colon, 35 characters), API keys, refresh tokens, tickets, access tokens, receiver paths, credentials in queries, URLs and connection strings.</summary>
    [GeneratedRegex(
        """
        (?<![0-9])[0-9]{5,}:[A-Za-z0-9_-]{30,}
        |(?<keep>tgw_[0-9]+_)[A-Za-z0-9_-]+
        |(?<keep>tg[rt]_)[A-Za-z0-9_-]+
        |(?<keep>\beyJ)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*
        |(?<keep>/telegram/webhook/)[^\s"'?/]+
        |(?<keep>[?&](?:token|api_key|ticket)=)[^&\s"']+
        |(?<keep>(?:password|pwd)\s*=\s*)[^;\s"']+
        |(?<keep>[a-z]+://[^\s:/@]+:)[^\s/]+(?=@)
        |(?<keep>\b(?:Bearer|X-API-Key:?)\s+)[^\s"']+
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Secrets();
}
