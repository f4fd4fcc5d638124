using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Api;

/// <summary>The JSON of chats: what bodies are read by, and what the OpenAPI document says of both.</summary>
internal static class ChatShapes
{
    public static readonly DocumentedParameter[] Id = [new("id", JsonKind.String, "The gateway's id of the chat, or tg:<bot id>:<telegram chat id>.")];

    public static readonly JsonShape Chat = new(
        "Chat",
        new JsonField("id", JsonKind.Integer, "The gateway's id of the chat.") { Example = "1" },
        new JsonField("bot_id", JsonKind.Integer, "The bot whose chat it is; two bots in one group have two chats."),
        new JsonField("telegram_chat_id", JsonKind.Integer, "Telegram's id of the chat.") { Example = "-1001234567890" },
        new JsonField("realm", JsonKind.String, "Null: the bot's own chat. b:<business connection> and guest chats are independent of it, with the same Telegram id.") { IsNullable = true },
        new JsonField("type", JsonKind.String, "private, group, supergroup or channel; null until Telegram said.") { IsNullable = true },
        new JsonField("title", JsonKind.String, "As Telegram said last.") { IsNullable = true },
        new JsonField("username", JsonKind.String, "As Telegram said last.") { IsNullable = true },
        new JsonField("label", JsonKind.String, "A name for people.") { IsNullable = true },
        new JsonField("migrated_from", JsonKind.Integer, "The group that this supergroup was.") { IsNullable = true },
        new JsonField("migrated_to", JsonKind.Integer, "The supergroup that this group became; what comes now is there.") { IsNullable = true },
        new JsonField("created_at", JsonKind.Time, "When the gateway first knew of it."));

    public static readonly JsonShape NewChat = new(
        "NewChat",
        new JsonField("bot_id", JsonKind.Integer, "The bot whose chat it will be.") { IsRequired = true, Minimum = 1 },
        new JsonField("telegram_chat_id", JsonKind.Integer, "Telegram's id of the chat. Telegram is not asked.") { IsRequired = true, Minimum = -(1L << 53) + 1 },
        Label);

    public static readonly JsonShape ChatChange = new("ChatChange", Label);

    private static JsonField Label => new("label", JsonKind.String, "A name for people; null: none.") { IsNullable = true, MinLength = 1, MaxLength = Limits.Access.ChatLabelCharacters };
}
