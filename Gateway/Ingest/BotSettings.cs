using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>What may be said of a bot, the same on REST, on the command line and in a configuration.</summary>
internal static class BotSettings
{
    public const int BaseUrlCharacters = 255;
    public const int LeastRetentionDays = 2;
    public const int MostRetentionDays = 36_500;

    /// <summary>
    /// The address of a Bot API server. Whoever sees the bot sees it, so it holds no password; a query or fragment would come before the method's name.
    /// </summary>
    public static bool IsServer(string text) =>
        text.Length <= BaseUrlCharacters && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        && url.Query.Length + url.Fragment.Length + url.UserInfo.Length == 0;

    /// <summary>The characters that Telegram allows in a secret_token, which need no escaping in a path either.</summary>
    public static bool IsSecret(string text) =>
        text.Length is > 0 and <= Limits.Ingest.SecretCharacters && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
}
