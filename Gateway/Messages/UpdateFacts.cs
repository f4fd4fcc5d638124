namespace Gateway.Messages;

/// <summary>Which of a bot's independent chat spaces an update belongs to (design section 3, "Chats").</summary>
internal enum RealmKind : byte
{
    /// <summary>The bot's own chats: the empty realm.</summary>
    Own,

    /// <summary>A business connection's chats: realm <c>b:&lt;business_connection_id&gt;</c>.</summary>
    Business,

    /// <summary>Chats a guest bot is called from: realm <c>guest</c>.</summary>
    Guest,
}

/// <summary>
/// What the gateway reads out of an update, without building an object graph: numbers by value, strings as slices of the
/// payload. Derived from the payload alone, so it is never stored: whoever has the bytes can parse them again.
/// Fields that the payload does not have, or has in a form that cannot be used, keep their default.
/// </summary>
internal struct UpdateFacts
{
    /// <summary>The update kind's Bot API field name (<c>message</c>, <c>poll</c> …), <c>unknown</c>, or <c>unparsed</c>.</summary>
    public string Kind;

    /// <summary>Null when the body names none that fits 63 bits; then the body's hash is the dedup key.</summary>
    public long? UpdateId;

    public RealmKind Realm;
    public Slice BusinessConnectionId;

    /// <summary>Telegram's chat id; null for updates without a chat.</summary>
    public long? TelegramChatId;
    public Slice ChatType;
    public Slice ChatTitle;
    public Slice ChatUsername;

    /// <summary>The message's id in its chat; 0 where Telegram gives none yet (ephemeral and scheduled ones).</summary>
    public long? TelegramMessageId;
    public bool IsEphemeral;

    /// <summary>Unix seconds, Telegram's clock; null where the kind has no date.</summary>
    public long? DateSeconds;
    public long? EditDateSeconds;

    /// <summary>The content field that is there (<c>text</c>, <c>photo</c>, <c>new_chat_members</c> …); null for kinds that are no messages.</summary>
    public string? MessageType;

    /// <summary>Text or caption.</summary>
    public Slice Text;

    /// <summary>A bot command at the text's start, without slash and <c>@bot</c>.</summary>
    public Slice Command;

    public long? ThreadId;
    public Slice MediaGroupId;
    public long? ReplyToTelegramId;

    public long? FromUserId;
    public Slice FromUsername;
    public Slice FromFirstName;
    public Slice FromLastName;

    public Slice FileId;
    public Slice FileUniqueId;
    public Slice FileName;
    public Slice FileMime;
    public long? FileSizeBytes;

    public Slice CallbackId;
    public Slice CallbackData;

    public long? MigrateToChatId;
    public long? MigrateFromChatId;

    /// <summary>True for the kinds that carry a message of their own and so a row in <c>messages</c> (the six message kinds, their edits, business and guest forms).</summary>
    public bool IsMessage;

    /// <summary>True for <c>edited_message</c>, <c>edited_channel_post</c> and <c>edited_business_message</c>.</summary>
    public bool IsEdit;
}
