namespace Gateway.Messages;

/// <summary>Where the chat of an update stands; the reasons are in docs/update-facts.md.</summary>
internal enum ChatSource : byte
{
    /// <summary>The kind belongs to no chat: who wants it needs the bot-wide grant.</summary>
    None,

    /// <summary>In the object's own <c>chat</c>.</summary>
    Chat,

    /// <summary>In the <c>chat</c> of the <c>message</c> inside (callback queries).</summary>
    CarriedMessage,

    /// <summary>In <c>user_chat_id</c> (business connections: the owner's private chat with the bot).</summary>
    UserChatId,

    /// <summary>The private chat of the user in it, whose id is the user's (payment kinds, design section 9).</summary>
    User,
}

/// <param name="IsMessage">The object is a Message.</param>
/// <param name="IsEdit">A Message that replaces an earlier state of itself.</param>
/// <param name="Realm">The realm where no field of the object says another.</param>
internal readonly record struct UpdateKind(
    string Name,
    ChatSource Chat,
    bool IsMessage = false,
    bool IsEdit = false,
    RealmKind Realm = RealmKind.Own);

/// <summary>
/// The update kinds of Bot API 10.3, in the order of the documentation. A test compares them with the Bot API's own list; a kind
/// that is not here yet is stored and delivered under its field name all the same.
/// </summary>
internal static class UpdateKinds
{
    /// <summary>The body has no kind that can be named.</summary>
    public const string Unknown = "unknown";

    /// <summary>The body is not one JSON object in valid UTF-8.</summary>
    public const string Unparsed = "unparsed";

    public static readonly UpdateKind[] All =
    [
        new("message", ChatSource.Chat, IsMessage: true),
        new("edited_message", ChatSource.Chat, IsMessage: true, IsEdit: true),
        new("channel_post", ChatSource.Chat, IsMessage: true),
        new("edited_channel_post", ChatSource.Chat, IsMessage: true, IsEdit: true),
        new("business_connection", ChatSource.UserChatId),
        new("business_message", ChatSource.Chat, IsMessage: true, Realm: RealmKind.Business),
        new("edited_business_message", ChatSource.Chat, IsMessage: true, IsEdit: true, Realm: RealmKind.Business),
        new("deleted_business_messages", ChatSource.Chat, Realm: RealmKind.Business),
        new("guest_message", ChatSource.Chat, IsMessage: true, Realm: RealmKind.Guest),
        new("message_reaction", ChatSource.Chat),
        new("message_reaction_count", ChatSource.Chat),
        new("inline_query", ChatSource.None),
        new("chosen_inline_result", ChatSource.None),
        new("callback_query", ChatSource.CarriedMessage),
        new("shipping_query", ChatSource.User),
        new("pre_checkout_query", ChatSource.User),
        new("purchased_paid_media", ChatSource.User),
        new("poll", ChatSource.None),
        new("poll_answer", ChatSource.None),
        new("my_chat_member", ChatSource.Chat),
        new("chat_member", ChatSource.Chat),
        new("chat_join_request", ChatSource.Chat),
        new("chat_boost", ChatSource.Chat),
        new("removed_chat_boost", ChatSource.Chat),
        new("managed_bot", ChatSource.None),
        new("subscription", ChatSource.User),
        new("stopped_message_generation", ChatSource.Chat),
    ];

    /// <summary>Every kind's name: what <c>allowed_updates</c> must list, because Telegram leaves some out by default.</summary>
    public static readonly string[] Names = Array.ConvertAll(All, kind => kind.Name);
}
