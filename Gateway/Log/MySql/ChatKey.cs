using Gateway.Messages;

namespace Gateway.Log.MySql;

/// <summary>What makes a chat one chat: the unique key of <c>chats</c>.</summary>
internal readonly record struct ChatKey(long BotId, long TelegramId, string Realm)
{
    public static ChatKey Of(IncomingUpdate update) =>
        new(update.BotId, update.Facts.TelegramChatId ?? 0, Projection.RealmOf(update.Facts, update.Payload));
}
