using System.Text.Json;

namespace Gateway.Messages.Parsing;

/// <summary>What is known of a message before all of it was read: keys come in any order.</summary>
internal struct MessageScan
{
    /// <summary>One more than the content field's index; 0 means none yet.</summary>
    public int Content;

    public Slice Text;
    public Slice Caption;
    public long TextCommandUnits;
    public long CaptionCommandUnits;
    public long? ReplyId;
    public long? ReplyChatId;
    public Slice SenderTitle;
    public Slice SenderUsername;
    public bool HasFrom;
}

internal ref partial struct UpdateScan
{
    private void ReadMessage()
    {
        while (NextField(MessageFields.Table, out var field))
        {
            if (field < 0)
            {
                json.Skip();
            }
            else if (field < MessageFields.Content.Length)
            {
                ReadContent(field);
            }
            else
            {
                ReadDescription((MessageField)(field - MessageFields.Content.Length));
            }
        }

        FinishMessage();
    }

    private void ReadDescription(MessageField field)
    {
        switch (field)
        {
            case MessageField.MessageId: ReadLong(ref Facts.TelegramMessageId); break;
            case MessageField.ThreadId: ReadLong(ref Facts.ThreadId); break;
            case MessageField.From: ReadFrom(); break;
            case MessageField.SenderChat: ReadSender(); break;
            case MessageField.Date: ReadLong(ref Facts.DateSeconds); break;
            case MessageField.Chat: ReadChat(); break;
            case MessageField.BusinessConnectionId: ReadBusinessConnection(); break;
            case MessageField.GuestQueryId: ReadGuestQuery(); break;
            case MessageField.ReplyToMessage: ReadReply(); break;
            case MessageField.EditDate: ReadLong(ref Facts.EditDateSeconds); break;
            case MessageField.MediaGroupId: ReadString(ref Facts.MediaGroupId); break;
            case MessageField.Entities: message.TextCommandUnits = ReadCommandUnits(); break;
            case MessageField.Caption: ReadString(ref message.Caption); break;
            case MessageField.CaptionEntities: message.CaptionCommandUnits = ReadCommandUnits(); break;
            case MessageField.EphemeralMessageId: Facts.IsEphemeral |= ReadLong() is not null; break;
        }
    }

    /// <summary>A field counts as content when it says something: older libraries' re-serialised updates hold null, false, 0 and [] for what is not there.</summary>
    private void ReadContent(int field)
    {
        var isBest = message.Content == 0 || field < message.Content;
        var isThere = true;
        if (field == MessageFields.Text)
        {
            ReadString(ref message.Text);
            isThere = message.Text.IsPresent;
        }
        else if (field == MessageFields.MigrateTo || field == MessageFields.MigrateFrom)
        {
            isThere = ReadMigration(ref field == MessageFields.MigrateTo ? ref Facts.MigrateToChatId : ref Facts.MigrateFromChatId);
        }
        else if (isBest && MessageFields.Shapes[field] != FileShape.None)
        {
            isThere = ReadFile(MessageFields.Shapes[field]);
        }
        else
        {
            isThere = json.TokenType switch
            {
                JsonTokenType.Null or JsonTokenType.False => false,
                JsonTokenType.StartArray => SkipArray(),
                _ => true,
            };
            json.Skip();
        }

        if (isThere && isBest)
        {
            message.Content = field + 1;
            if (MessageFields.Shapes[field] == FileShape.None)
            {
                ClearFile();
            }
        }
    }

    private bool ReadMigration(ref long? chat)
    {
        if (ReadLong() is { } id and not 0)
        {
            chat = id;
            return true;
        }

        return false;
    }

    /// <summary>Passes an array; answers whether it had anything in it.</summary>
    private bool SkipArray()
    {
        var depth = json.CurrentDepth;
        json.Read();
        var isFilled = json.TokenType != JsonTokenType.EndArray;
        while (json.TokenType != JsonTokenType.EndArray || json.CurrentDepth != depth)
        {
            json.Read();
        }

        return isFilled;
    }

    private void FinishMessage()
    {
        Facts.MessageType = message.Content > 0 ? MessageFields.Content[message.Content - 1] : UpdateKinds.Unknown;
        var isText = message.Text.IsPresent;
        Facts.Text = isText ? message.Text : message.Caption;
        var units = isText ? message.TextCommandUnits : message.CaptionCommandUnits;
        if (units > 0 && Facts.Text.IsPresent)
        {
            Facts.Command = CommandText.Find(body, Facts.Text, units);
        }

        // Replies across chats are external_reply; a reply_to_message that names another chat is not one of this chat's messages.
        if (message.ReplyId > 0 && (message.ReplyChatId is null || message.ReplyChatId == Facts.TelegramChatId))
        {
            Facts.ReplyToTelegramId = message.ReplyId;
        }

        if (!message.HasFrom)
        {
            Facts.FromFirstName = message.SenderTitle;
            Facts.FromUsername = message.SenderUsername;
        }
    }
}
