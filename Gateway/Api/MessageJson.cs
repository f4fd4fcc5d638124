using System.Text.Json;
using Gateway.Deliver;
using Gateway.Log;

namespace Gateway.Api;

/// <summary>Writes messages as <see cref="MessageShapes"/> describes them.</summary>
internal static class MessageJson
{
    public static void Write(Utf8JsonWriter json, MessageRow message)
    {
        json.WriteStartObject();
        json.WriteNumber("message_id", message.Id);
        json.WriteNumber("bot_id", message.BotId);
        json.WriteNumber("chat_id", message.ChatId);
        WriteNumber(json, "telegram_id", message.TelegramId);
        WriteNumber(json, "telegram_chat_id", message.TelegramChatId);
        json.WriteString("direction", message.IsOutgoing ? "outgoing" : "incoming");
        json.WriteString("message_type", message.MessageType);
        json.WriteString("text", message.Text);
        WriteNumber(json, "from_user_id", message.FromUserId);
        WriteNumber(json, "reply_to_message_id", message.ReplyToId == 0 ? null : message.ReplyToId);
        WriteNumber(json, "thread_id", message.ThreadId);
        json.WriteString("media_group_id", message.MediaGroupId);
        WriteTime(json, "timestamp", message.DateSeconds);
        WriteTime(json, "edited_at", message.EditDateSeconds);
        json.WriteNumber("last_seq", message.LastSeq);
        json.WriteEndObject();
    }

    // A number that a JavaScript client would round is null, as in events.
    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number && EventEncoder.IsExact(number)) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    private static void WriteTime(Utf8JsonWriter json, string name, long? unixSeconds)
    {
        if (unixSeconds is >= 0 and <= Rfc3339.MaxSeconds) json.WriteString(name, DateTimeOffset.FromUnixTimeSeconds(unixSeconds.Value).UtcDateTime);
        else json.WriteNull(name);
    }
}
