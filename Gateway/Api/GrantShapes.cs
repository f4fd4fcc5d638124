using System.Text.Json;
using Gateway.Access;
using Gateway.Http;

namespace Gateway.Api;

/// <summary>Bodies and answers of <see cref="GrantsHandler"/>.</summary>
internal static class GrantShapes
{
    private static readonly JsonField[] Rights =
    [
        new("can_read", JsonKind.Boolean, "See what happens there; false if absent."),
        new("can_send", JsonKind.Boolean, "Send there; false if absent."),
        new("can_manage", JsonKind.Boolean, "Say who may do what there; false if absent."),
    ];

    private static readonly JsonField Thread =
        new("thread_id", JsonKind.Integer, "Only this thread of the chat; null or absent: the whole chat.") { IsNullable = true, Minimum = 1 };

    private static readonly JsonField BotId = new("bot_id", JsonKind.Integer, "The bot.");
    private static readonly JsonField ChatId = new("chat_id", JsonKind.Integer, "The gateway's id of the chat.");

    public static readonly JsonShape SetBot = new("BotRights", Rights);
    public static readonly JsonShape SetChat = new("ChatRights", [.. Rights, Thread]);
    public static readonly JsonShape OfBot = new("BotGrant", [BotId, .. Rights]);
    public static readonly JsonShape OfChat = new("ChatGrant", [ChatId, BotId, Thread, .. Rights]);
    public static readonly JsonShape OfFeedback = new("FeedbackGrant", ChatId, BotId);

    public static readonly JsonShape OfUser = new(
        "UserGrants",
        new JsonField("bots", JsonKind.Object, "Rights in all chats of a bot.") { IsList = true, Shape = OfBot },
        new JsonField("chats", JsonKind.Object, "Rights in single chats and threads.") { IsList = true, Shape = OfChat });

    public static readonly JsonShape OfKey = new(
        "ApiKeyGrants",
        [.. OfUser.Fields, new JsonField("feedback", JsonKind.Object, "The chats that push to the key; none: all it may read.") { IsList = true, Shape = OfFeedback }]);

    public static ChatRights Read(JsonBody body) =>
        (body.Bool("can_read") == true ? ChatRights.Read : 0) | (body.Bool("can_send") == true ? ChatRights.Send : 0)
        | (body.Bool("can_manage") == true ? ChatRights.Manage : 0);

    public static void WriteBot(Utf8JsonWriter json, (long BotId, ChatRights Rights) grant)
    {
        json.WriteStartObject();
        json.WriteNumber("bot_id", grant.BotId);
        WriteRights(json, grant.Rights);
        json.WriteEndObject();
    }

    public static void WriteChat(Utf8JsonWriter json, (long ChatId, long BotId, long ThreadId, ChatRights Rights) grant)
    {
        json.WriteStartObject();
        json.WriteNumber("chat_id", grant.ChatId);
        json.WriteNumber("bot_id", grant.BotId);
        if (grant.ThreadId == 0) json.WriteNull("thread_id");
        else json.WriteNumber("thread_id", grant.ThreadId);
        WriteRights(json, grant.Rights);
        json.WriteEndObject();
    }

    public static void WriteFeedback(Utf8JsonWriter json, (long ChatId, long BotId) grant)
    {
        json.WriteStartObject();
        json.WriteNumber("chat_id", grant.ChatId);
        json.WriteNumber("bot_id", grant.BotId);
        json.WriteEndObject();
    }

    private static void WriteRights(Utf8JsonWriter json, ChatRights rights)
    {
        json.WriteBoolean("can_read", (rights & ChatRights.Read) != 0);
        json.WriteBoolean("can_send", (rights & ChatRights.Send) != 0);
        json.WriteBoolean("can_manage", (rights & ChatRights.Manage) != 0);
    }
}
