namespace Gateway.Messages.Parsing;

internal ref partial struct UpdateScan
{
    private static readonly NameTable OtherFields = new(
    [
        "id", "from", "user", "chat", "message_id", "message_thread_id", "date", "business_connection_id", "user_chat_id",
        "message", "data", "actor_chat", "voter_chat", "remove_date", "boost",
    ]);

    private static readonly NameTable CarriedFields =
        new(["message_id", "chat", "message_thread_id", "business_connection_id", "guest_query_id", "ephemeral_message_id"]);

    private static readonly NameTable BoostFields = new(["add_date"]);

    /// <summary>The kinds that are no messages. They share their field names, so one reader does for all.</summary>
    private void ReadOther(in UpdateKind kind)
    {
        Slice id = default;
        long? userChat = null;
        while (NextField(OtherFields, out var field))
        {
            switch (field)
            {
                case 0: ReadString(ref id); break;
                case 1 or 2: ReadFrom(); break;
                case 3 when kind.Chat == ChatSource.Chat: ReadChat(); break;
                case 4: ReadLong(ref Facts.TelegramMessageId); break;
                case 5: ReadLong(ref Facts.ThreadId); break;
                case 6: ReadLong(ref Facts.DateSeconds); break;
                case 7 when kind.Chat == ChatSource.Chat: ReadBusinessConnection(); break;
                case 8: ReadLong(ref userChat); break;
                case 9 when kind.Chat == ChatSource.CarriedMessage: ReadCarried(); break;
                case 10 when kind.Chat == ChatSource.CarriedMessage: ReadString(ref Facts.CallbackData); break;
                case 11 or 12: ReadSender(); break;
                case 13: ReadLong(ref Facts.DateSeconds); break;
                case 14: ReadBoost(); break;
                default: json.Skip(); break;
            }
        }

        FinishOther(in kind, id, userChat);
    }

    private void FinishOther(in UpdateKind kind, Slice id, long? userChat)
    {
        switch (kind.Chat)
        {
            case ChatSource.CarriedMessage: Facts.CallbackId = id; break;
            case ChatSource.UserChatId: Facts.TelegramChatId = userChat; break;
            case ChatSource.User: Facts.TelegramChatId = Facts.FromUserId; break;
        }

        if (!message.HasFrom)
        {
            Facts.FromFirstName = message.SenderTitle;
            Facts.FromUsername = message.SenderUsername;
        }
    }

    /// <summary>The message under a pressed button, accessible or not: where it was, not what it said. Its date is not the press's.</summary>
    private void ReadCarried()
    {
        if (!Enter())
        {
            return;
        }

        (Facts.TelegramMessageId, Facts.ThreadId, Facts.IsEphemeral) = (null, null, false);
        (Facts.Realm, Facts.BusinessConnectionId) = (RealmKind.Own, default);
        while (NextField(CarriedFields, out var field))
        {
            switch (field)
            {
                case 0: ReadLong(ref Facts.TelegramMessageId); break;
                case 1: ReadChat(); break;
                case 2: ReadLong(ref Facts.ThreadId); break;
                case 3: ReadBusinessConnection(); break;
                case 4: ReadGuestQuery(); break;
                case 5: Facts.IsEphemeral |= ReadLong() is not null; break;
                default: json.Skip(); break;
            }
        }
    }

    private void ReadBoost()
    {
        if (!Enter())
        {
            return;
        }

        while (NextField(BoostFields, out var field))
        {
            if (field == 0)
            {
                ReadLong(ref Facts.DateSeconds);
            }
            else
            {
                json.Skip();
            }
        }
    }
}
