namespace Gateway.Messages.Parsing;

/// <summary>What a content field holds that the gateway reads.</summary>
internal enum FileShape : byte
{
    None,

    /// <summary>An object with <c>file_id</c>.</summary>
    File,

    /// <summary>An array of PhotoSize: the largest counts.</summary>
    Sizes,

    /// <summary>PaidMediaInfo: the first medium that has a file counts.</summary>
    PaidMedia,
}

/// <summary>The fields of a Message that describe it, as opposed to those that are its content. Values follow the content fields in the table.</summary>
internal enum MessageField
{
    MessageId,
    ThreadId,
    From,
    SenderChat,
    Date,
    Chat,
    BusinessConnectionId,
    GuestQueryId,
    ReplyToMessage,
    EditDate,
    MediaGroupId,
    Entities,
    Caption,
    CaptionEntities,
    EphemeralMessageId,
}

/// <summary>
/// The fields of a Message that are looked at. A message's type is the content field that is there; where several are, the one
/// that stands first here. The first three come before the fields that Telegram sends beside them "for backward compatibility"
/// (document, photo, location); the rest follow the documentation's order, media before text before service messages.
/// </summary>
internal static class MessageFields
{
    public static readonly string[] Content =
    [
        "animation", "live_photo", "venue",
        "audio", "document", "paid_media", "photo", "sticker", "story", "video", "video_note", "voice",
        "rich_message", "text",
        "checklist", "contact", "dice", "game", "poll", "location", "giveaway", "giveaway_winners",
        "new_chat_members", "left_chat_member", "chat_owner_left", "chat_owner_changed", "new_chat_title", "new_chat_photo",
        "delete_chat_photo", "group_chat_created", "supergroup_chat_created", "channel_chat_created",
        "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id", "pinned_message", "invoice",
        "successful_payment", "refunded_payment", "users_shared", "chat_shared", "gift", "unique_gift", "gift_upgrade_sent",
        "connected_website", "write_access_allowed", "passport_data", "proximity_alert_triggered", "boost_added",
        "chat_background_set", "checklist_tasks_done", "checklist_tasks_added", "direct_message_price_changed",
        "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened", "general_forum_topic_hidden",
        "general_forum_topic_unhidden", "giveaway_created", "giveaway_completed", "managed_bot_created",
        "paid_message_price_changed", "poll_option_added", "poll_option_deleted", "suggested_post_approved",
        "suggested_post_approval_failed", "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
        "video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited", "web_app_data",
        "community_chat_added", "community_chat_joined", "community_chat_removed",
    ];

    /// <summary>In the order of <see cref="MessageField"/>.</summary>
    private static readonly string[] Described =
    [
        "message_id", "message_thread_id", "from", "sender_chat", "date", "chat", "business_connection_id", "guest_query_id",
        "reply_to_message", "edit_date", "media_group_id", "entities", "caption", "caption_entities", "ephemeral_message_id",
    ];

    /// <summary>Content fields first, then the described ones.</summary>
    public static readonly NameTable Table = new([.. Content, .. Described]);

    public static readonly int Text = Array.IndexOf(Content, "text");
    public static readonly int MigrateTo = Array.IndexOf(Content, "migrate_to_chat_id");
    public static readonly int MigrateFrom = Array.IndexOf(Content, "migrate_from_chat_id");

    /// <summary>By content field.</summary>
    public static readonly FileShape[] Shapes = Array.ConvertAll(Content, name => name switch
    {
        "animation" or "live_photo" or "audio" or "document" or "sticker" or "video" or "video_note" or "voice" => FileShape.File,
        "photo" or "new_chat_photo" => FileShape.Sizes,
        "paid_media" => FileShape.PaidMedia,
        _ => FileShape.None,
    });
}
