using System.Buffers;
using System.Text.Json;
using Gateway.Access;
using Gateway.Http;

namespace Gateway.Api;

/// <summary>Writes chats as <see cref="ChatShapes"/> describes them.</summary>
internal static class ChatJson
{
    public static string TagOf(ChatInfo chat)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer)) Write(json, chat);
        return EntityTag.Of(buffer.WrittenSpan);
    }

    public static void Write(Utf8JsonWriter json, ChatInfo chat)
    {
        json.WriteStartObject();
        json.WriteNumber("id", chat.Id);
        json.WriteNumber("bot_id", chat.BotId);
        json.WriteNumber("telegram_chat_id", chat.TelegramChatId);
        json.WriteString("realm", chat.Realm.Length == 0 ? null : chat.Realm);
        json.WriteString("type", chat.Type);
        json.WriteString("title", chat.Title);
        json.WriteString("username", chat.Username);
        json.WriteString("label", chat.Label);
        WriteNumber(json, "migrated_from", chat.MigratedFrom);
        WriteNumber(json, "migrated_to", chat.MigratedTo);
        json.WriteString("created_at", DateTimeOffset.FromUnixTimeMilliseconds(chat.CreatedAtMs).UtcDateTime);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
