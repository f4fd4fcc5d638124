namespace Gateway.Deliver.WebSocket;

/// <summary>Reads <c>{"action":"unsubscribe","id":"a"}</c>, or with <c>chat_id</c>.</summary>
internal static class UnsubscribeReader
{
    public static ClientAction Read(ReadOnlySpan<byte> message)
    {
        var fields = new FieldReader(message, "action", "id", "chat_id");
        string? id = null;
        ChatReference chat = default;
        while (fields.Next())
        {
            switch (fields.Name)
            {
                case "id":
                    id = fields.ReadString();
                    break;
                case "chat_id":
                    chat = fields.ReadChat();
                    break;
                default:
                    fields.Skip();
                    break;
            }
        }
        if (fields.Error is { } error)
        {
            return new ClientAction(ActionKind.Invalid) { Error = error };
        }
        return id is null == (chat == default)
            ? ClientAction.Refuse("INVALID_FIELD", "unsubscribe needs either id or chat_id.")
            : new ClientAction(ActionKind.Unsubscribe) { Id = id, Chat = chat };
    }
}
