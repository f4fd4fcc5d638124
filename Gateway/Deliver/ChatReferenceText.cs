using System.Globalization;

namespace Gateway.Deliver;

/// <summary>A chat named in text, in a query or a JSON string: the gateway's id, or <c>tg:&lt;bot_id&gt;:&lt;telegram_chat_id&gt;</c>.</summary>
internal static class ChatReferenceText
{
    private const string TelegramPrefix = "tg:";

    public static bool TryParse(ReadOnlySpan<char> text, out ChatReference chat)
    {
        chat = default;
        if (!text.StartsWith(TelegramPrefix, StringComparison.Ordinal))
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == 0)
            {
                return false;
            }
            chat = new ChatReference(id, 0, 0);
            return true;
        }
        text = text[TelegramPrefix.Length..];
        var colon = text.IndexOf(':');
        if (colon < 0
            || !long.TryParse(text[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var botId)
            || !long.TryParse(text[(colon + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var telegramId)
            || botId == 0 || telegramId == 0)
        {
            return false;
        }
        chat = new ChatReference(0, botId, telegramId);
        return true;
    }
}
