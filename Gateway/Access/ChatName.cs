using System.Globalization;

namespace Gateway.Access;

/// <summary>Names a chat as interfaces do: by gateway id, or as <c>tg:&lt;bot_id&gt;:&lt;telegram_chat_id&gt;</c>.</summary>
internal readonly record struct ChatName(long ChatId, long BotId, long TelegramChatId)
{
    public static ChatName? TryParse(string text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return id > 0 ? new(id, 0, 0) : null;
        var parts = text.Split(':');
        return parts is ["tg", var bot, var chat]
            && long.TryParse(bot, NumberStyles.None, CultureInfo.InvariantCulture, out var botId) && botId > 0
            && long.TryParse(chat, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var telegramChatId)
            ? new(0, botId, telegramChatId)
            : null;
    }
}
