using System.Text.Json;

namespace Gateway.Messages.Parsing;

internal ref partial struct UpdateScan
{
    private static readonly NameTable ChatFields = new(["id", "type", "title", "username"]);
    private static readonly NameTable UserFields = new(["id", "username", "first_name", "last_name"]);
    private static readonly NameTable ReplyFields = new(["message_id", "chat"]);
    private static readonly NameTable EntityFields = new(["type", "offset", "length"]);

    private void ReadChat()
    {
        if (!Enter())
        {
            return;
        }

        (Facts.TelegramChatId, Facts.ChatType, Facts.ChatTitle, Facts.ChatUsername) = (null, default, default, default);
        while (NextField(ChatFields, out var field))
        {
            switch (field)
            {
                case 0: ReadLong(ref Facts.TelegramChatId); break;
                case 1: ReadString(ref Facts.ChatType); break;
                case 2: ReadString(ref Facts.ChatTitle); break;
                case 3: ReadString(ref Facts.ChatUsername); break;
                default: json.Skip(); break;
            }
        }
    }

    private void ReadFrom()
    {
        if (!Enter())
        {
            return;
        }

        message.HasFrom = true;
        (Facts.FromUserId, Facts.FromUsername, Facts.FromFirstName, Facts.FromLastName) = (null, default, default, default);
        while (NextField(UserFields, out var field))
        {
            switch (field)
            {
                case 0: ReadLong(ref Facts.FromUserId); break;
                case 1: ReadString(ref Facts.FromUsername); break;
                case 2: ReadString(ref Facts.FromFirstName); break;
                case 3: ReadString(ref Facts.FromLastName); break;
                default: json.Skip(); break;
            }
        }
    }

    /// <summary>A chat that acts as the sender. Its names stand in where there is no user; its id never does, because a chat is no user.</summary>
    private void ReadSender()
    {
        if (!Enter())
        {
            return;
        }

        (message.SenderTitle, message.SenderUsername) = (default, default);
        while (NextField(ChatFields, out var field))
        {
            switch (field)
            {
                case 2: ReadString(ref message.SenderTitle); break;
                case 3: ReadString(ref message.SenderUsername); break;
                default: json.Skip(); break;
            }
        }
    }

    /// <summary>"If non-empty, the message belongs to a chat of the corresponding business account" (Bot API, Message).</summary>
    private void ReadBusinessConnection()
    {
        var id = ReadString();
        if (id.Length > 0)
        {
            (Facts.BusinessConnectionId, Facts.Realm) = (id, RealmKind.Business);
        }
    }

    /// <summary>"If non-empty, the message belongs to the chat where the guest bot was summoned" (Bot API, Message).</summary>
    private void ReadGuestQuery()
    {
        if (ReadString().Length > 0 && Facts.Realm == RealmKind.Own)
        {
            Facts.Realm = RealmKind.Guest;
        }
    }

    private void ReadReply()
    {
        if (!Enter())
        {
            return;
        }

        (message.ReplyId, message.ReplyChatId) = (null, null);
        while (NextField(ReplyFields, out var field))
        {
            switch (field)
            {
                case 0: ReadLong(ref message.ReplyId); break;
                case 1: message.ReplyChatId = ReadId() ?? message.ReplyChatId; break;
                default: json.Skip(); break;
            }
        }
    }

    /// <summary>The <c>id</c> of an object of which nothing else matters.</summary>
    private long? ReadId()
    {
        if (!Enter())
        {
            return null;
        }

        long? id = null;
        while (NextField(ChatFields, out var field))
        {
            if (field == 0)
            {
                ReadLong(ref id);
            }
            else
            {
                json.Skip();
            }
        }

        return id;
    }

    /// <summary>The length in UTF-16 units of the bot_command entity at offset 0, or 0.</summary>
    private long ReadCommandUnits()
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            json.Skip();
            return 0;
        }

        var units = 0L;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (Enter())
            {
                units = Math.Max(units, ReadCommandEntity());
            }
        }

        return units;
    }

    private long ReadCommandEntity()
    {
        var isCommand = false;
        long? offset = null;
        long? length = null;
        while (NextField(EntityFields, out var field))
        {
            switch (field)
            {
                case 0: isCommand = ReadString().Of(body).SequenceEqual("bot_command"u8); break;
                case 1: ReadLong(ref offset); break;
                case 2: ReadLong(ref length); break;
                default: json.Skip(); break;
            }
        }

        return isCommand && offset == 0 ? length ?? 0 : 0;
    }
}
