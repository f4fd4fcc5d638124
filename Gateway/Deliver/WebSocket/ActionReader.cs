using System.Text.Json;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// Reads a client's message. Strict: an unknown or repeated field is an error, because a misspelt <c>chat_ids</c> that is passed over
/// would widen what the client gets. Whatever the bytes are, the answer is an action or its error, never an exception.
/// </summary>
internal static class ActionReader
{
    public static ClientAction Read(ReadOnlySpan<byte> message)
    {
        try
        {
            var (action, isRepeated) = FindAction(message);
            return action switch
            {
                _ when isRepeated => ClientAction.Refuse("INVALID_FIELD", "action is given twice."),
                null => ClientAction.Refuse("INVALID_MESSAGE", "A message is a JSON object with the string field \"action\"."),
                "ping" => ReadPing(message),
                "auth" => ReadAuth(message),
                "subscribe" => ReadSubscribe(message),
                "unsubscribe" => UnsubscribeReader.Read(message),
                "ack" => ClientAction.Refuse("NOT_AVAILABLE", "This version has no named consumers, so there is nothing to acknowledge."),
                "send" => ClientAction.Refuse("NOT_AVAILABLE", "This version cannot send messages."),
                _ => ClientAction.Refuse("UNKNOWN_ACTION", "Known actions are auth, subscribe, unsubscribe and ping."),
            };
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with an escape that is no character, as \ud800 alone.
            return ClientAction.Refuse("INVALID_JSON", "The message is not valid JSON.");
        }
    }

    /// <summary>Null when it is not an object or names no action. The whole message is read, so that a broken end is found first.</summary>
    private static (string? Action, bool IsRepeated) FindAction(ReadOnlySpan<byte> message)
    {
        var reader = new Utf8JsonReader(message);
        string? action = null;
        var found = 0;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return default;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isAction = reader.ValueTextEquals("action"u8);
            reader.Read();
            found += isAction ? 1 : 0;
            if (isAction && reader.TokenType == JsonTokenType.String)
            {
                action = reader.GetString();
            }
            reader.Skip();
        }
        return reader.Read() ? default : (action, found > 1);
    }

    private static ClientAction ReadSubscribe(ReadOnlySpan<byte> message)
    {
        var parsed = SubscriptionRequestJson.Parse(message);
        return parsed.Error is { } error
            ? new ClientAction(ActionKind.Invalid) { Error = error }
            : new ClientAction(ActionKind.Subscribe) { Request = parsed.Request };
    }

    private static ClientAction ReadPing(ReadOnlySpan<byte> message)
    {
        var fields = new FieldReader(message, "action");
        while (fields.Next())
        {
            fields.Skip();
        }
        return fields.Error is { } error ? new ClientAction(ActionKind.Invalid) { Error = error } : ClientAction.Ping;
    }

    private static ClientAction ReadAuth(ReadOnlySpan<byte> message)
    {
        var fields = new FieldReader(message, "action", "token", "api_key");
        string? token = null;
        while (fields.Next())
        {
            if (fields.Name == "action")
            {
                fields.Skip();
            }
            else
            {
                var text = fields.ReadString();
                if (token is not null && text != token)
                {
                    fields.Refuse("CONFLICTING_CREDENTIALS", "Two different credentials are given.");
                }
                token = text;
            }
        }
        if (fields.Error is { } error)
        {
            return new ClientAction(ActionKind.Invalid) { Error = error };
        }
        return string.IsNullOrEmpty(token)
            ? ClientAction.Refuse("INVALID_FIELD", "auth needs token or api_key.")
            : new ClientAction(ActionKind.Auth) { Token = token };
    }
}
