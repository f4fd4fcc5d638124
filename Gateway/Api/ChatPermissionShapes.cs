using Gateway.Http;

namespace Gateway.Api;

internal static class ChatPermissionShapes
{
    private static readonly JsonField[] Rights =
    [
        new("can_read", JsonKind.Boolean, "Read messages and events."),
        new("can_send", JsonKind.Boolean, "Send through the bot."),
        new("can_manage", JsonKind.Boolean, "Change the chat here, and who may do what in it."),
    ];

    public static readonly JsonShape Permission = new(
        "ChatPermission",
        [
            new JsonField("chat_id", JsonKind.Integer, "The gateway's id of the chat."),
            new JsonField("thread_id", JsonKind.Integer, "Only in this forum topic; null: in the whole chat.") { IsNullable = true },
            new JsonField("api_key_id", JsonKind.Integer, "Whose it is: a key's…") { IsNullable = true },
            new JsonField("user_id", JsonKind.Integer, "…or a user's.") { IsNullable = true },
            new JsonField("name", JsonKind.String, "The key's or user's name.") { IsNullable = true },
            .. Rights,
            new JsonField("created_at", JsonKind.Time, "When it was first given."),
        ]);

    public static readonly JsonShape Given = new(
        "NewChatPermission",
        [
            new JsonField("api_key_id", JsonKind.Integer, "To whom: a key…") { Minimum = 1 },
            new JsonField("user_id", JsonKind.Integer, "…or a user.") { Minimum = 1 },
            new JsonField("thread_id", JsonKind.Integer, "Only in this forum topic; null or absent: in the whole chat.") { IsNullable = true, Minimum = 1 },
            .. Rights,
        ]);
}
