using System.Globalization;

namespace Gateway.Ingest;

/// <summary>The form of a bot token (Bot API, "Authorizing your bot"): the bot's Telegram id, a colon, and a secret.</summary>
internal static class BotToken
{
    /// <summary>The Telegram id in front of the colon; null when the text has not the form.</summary>
    public static long? TelegramIdOf(ReadOnlySpan<char> token)
    {
        var colon = token.IndexOf(':');
        if (colon is < 1 or > 18 || !long.TryParse(token[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id <= 0) return null;
        var secret = token[(colon + 1)..];
        // Telegram's have 35 characters; local servers and tests are content with fewer.
        if (secret.Length is < 20 or > 128) return null;
        foreach (var character in secret)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_')) return null;
        }

        return id;
    }
}
