using Gateway.Http;

namespace Gateway.Api;

/// <summary>The JSON of messages. Names and meanings are those of the public event (design section 5), so that one client type reads both.</summary>
internal static class MessageShapes
{
    public static readonly DocumentedParameter[] Filters =
    [
        .. CursorPage.Document,
        new("q", JsonKind.String, "Words that must all be in the text, in any order; between double quotes, next to each other. Case and accents do not count, parts of words are not found, "
            + "nothing is an operator. A message is found some tenths of a second after it is stored."),
        new("from_user_id", JsonKind.Integer, "Only of this Telegram user."),
        new("thread_id", JsonKind.Integer, "Only of this forum topic."),
        new("message_type", JsonKind.String, "Only of this type, as text or photo."),
    ];

    public static readonly JsonShape Message = new(
        "Message",
        new JsonField("message_id", JsonKind.Integer, "The gateway's id of the message: the seq of the event that brought it.") { Example = "8123" },
        new JsonField("bot_id", JsonKind.Integer, "The bot that received or sent it."),
        new JsonField("chat_id", JsonKind.Integer, "The gateway's id of its chat."),
        new JsonField("telegram_id", JsonKind.Integer, "Telegram's id of the message, unique in its chat."),
        new JsonField("telegram_chat_id", JsonKind.Integer, "Telegram's id of its chat.") { IsNullable = true },
        new JsonField("direction", JsonKind.String, "Who wrote it: others, or the bot through the gateway.") { Values = ["incoming", "outgoing"] },
        new JsonField("message_type", JsonKind.String, "Which field of the message has its content, as text or photo.") { IsNullable = true, Example = "text" },
        new JsonField("text", JsonKind.String, "Text or caption as the newest edit left it.") { IsNullable = true },
        new JsonField("from_user_id", JsonKind.Integer, "Telegram's id of the sender.") { IsNullable = true },
        new JsonField("reply_to_message_id", JsonKind.Integer, "The message it answers, by the gateway's id.") { IsNullable = true },
        new JsonField("thread_id", JsonKind.Integer, "The forum topic.") { IsNullable = true },
        new JsonField("media_group_id", JsonKind.String, "The album it belongs to.") { IsNullable = true },
        new JsonField("timestamp", JsonKind.Time, "When it was sent, as Telegram says.") { IsNullable = true },
        new JsonField("edited_at", JsonKind.Time, "When it was last edited.") { IsNullable = true },
        new JsonField("last_seq", JsonKind.Integer, "The seq of the event that has its newest content."));
}
