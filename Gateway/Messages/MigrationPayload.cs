using System.Text.Json;

namespace Gateway.Messages;

/// <summary>What <see cref="GatewayEventKinds.ChatMigrated"/> says.</summary>
/// <param name="FirstSeq">No event of the new chat lies before this seq; zero in events of before it was told.</param>
internal readonly record struct MigrationPayload(long FromChatId, long ToChatId, long FirstSeq)
{
    public byte[] Encode()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("from_chat_id", FromChatId);
            json.WriteNumber("to_chat_id", ToChatId);
            json.WriteNumber("first_seq", FirstSeq);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Null when it does not name two chats.</summary>
    public static MigrationPayload? Read(ReadOnlySpan<byte> payload)
    {
        var json = new Utf8JsonReader(payload);
        long from = 0, to = 0, first = 0;
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            var (isFrom, isTo, isFirst) = (json.ValueTextEquals("from_chat_id"u8), json.ValueTextEquals("to_chat_id"u8), json.ValueTextEquals("first_seq"u8));
            json.Read();
            if (json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number))
            {
                (from, to, first) = (isFrom ? number : from, isTo ? number : to, isFirst ? number : first);
            }
        }

        return from != 0 && to != 0 ? new MigrationPayload(from, to, first) : null;
    }
}
