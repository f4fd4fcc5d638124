namespace Gateway.Deliver.WebSocket;

/// <summary>Reads <c>{"action":"subscribe",…}</c>: the fields of design section 5.</summary>
internal static class SubscribeReader
{
    private static readonly string[] Known =
    [
        "action", "id", "all", "chat_id", "chat_ids", "bot_id", "bot_ids", "thread_ids", "from_user_ids", "commands", "types",
        "direction", "exclude_own", "include", "after", "log_id", "since", "from", "consumer",
    ];

    public static ClientAction Read(ReadOnlySpan<byte> message)
    {
        var fields = new FieldReader(message, Known);
        var request = new SubscriptionRequest();
        var chats = new List<ChatReference>();
        var botIds = new List<long>();
        while (fields.Next())
        {
            switch (fields.Name)
            {
                case "chat_id":
                    chats.Add(fields.ReadChat());
                    break;
                case "chat_ids":
                    fields.ReadChatList(chats);
                    break;
                case "bot_id":
                    botIds.Add(fields.ReadInt64());
                    break;
                case "bot_ids":
                    botIds.AddRange(fields.ReadInt64List());
                    break;
                default:
                    request = ReadOption(request, ref fields);
                    break;
            }
        }
        return fields.Error is { } error
            ? new ClientAction(ActionKind.Invalid) { Error = error }
            : new ClientAction(ActionKind.Subscribe) { Request = request with { Chats = chats, BotIds = botIds } };
    }

    private static SubscriptionRequest ReadOption(SubscriptionRequest request, ref FieldReader fields)
    {
        switch (fields.Name)
        {
            case "id":
                return request with { Id = fields.ReadString() ?? SubscriptionRequest.DefaultId };
            case "all":
                return request with { All = fields.ReadBoolean() };
            case "thread_ids":
                return request with { ThreadIds = fields.ReadInt64List() };
            case "from_user_ids":
                return request with { FromUserIds = fields.ReadInt64List() };
            case "commands":
                return request with { Commands = fields.ReadStringList() };
            case "types":
                return request with { Types = fields.ReadStringList() };
            case "direction":
                return request with { Direction = ReadDirection(ref fields) };
            case "exclude_own":
                return request with { ExcludeOwn = fields.ReadBoolean() };
            case "include":
                return request with { IncludeUpdate = ReadInclude(ref fields) };
            case "after":
                return request with { After = fields.ReadInt64() };
            case "log_id":
                return request with { LogId = fields.ReadString() };
            case "since":
                return request with { SinceMs = fields.ReadTime() };
            case "from":
                return request with { From = ReadFrom(ref fields) };
            case "consumer":
                fields.Refuse("NOT_AVAILABLE", "This version has no named consumers.");
                return request;
            default:
                fields.Skip();
                return request;
        }
    }

    private static Direction ReadDirection(ref FieldReader fields)
    {
        switch (fields.ReadString())
        {
            case "incoming":
                return Direction.Incoming;
            case "outgoing":
                return Direction.Outgoing;
            case "both":
                return Direction.Both;
            default:
                fields.Refuse("INVALID_FIELD", "direction must be incoming, outgoing or both.");
                return default;
        }
    }

    private static bool ReadInclude(ref FieldReader fields)
    {
        var include = fields.ReadStringList();
        if (include.Exists(static part => part != "update"))
        {
            fields.Refuse("INVALID_FIELD", "include knows only \"update\".");
        }
        return include.Count > 0;
    }

    private static StartFrom ReadFrom(ref FieldReader fields)
    {
        switch (fields.ReadString())
        {
            case "latest":
                return StartFrom.Latest;
            case "earliest":
                return StartFrom.Earliest;
            default:
                fields.Refuse("INVALID_FIELD", "from must be earliest or latest.");
                return default;
        }
    }
}
