using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// The chats and bots of a subscription, resolved to gateway ids: an event is selected when its chat or its bot is named, or by
/// "all I may read". Changes only when a group migrates, on the shard's loop.
/// </summary>
/// <param name="chats">The chats, each with its bot.</param>
internal sealed class Selector(bool isAll, Dictionary<long, long> chats, HashSet<long> botIds)
{
    /// <summary>"All I may read": shared, because ten thousand sockets that only want everything would each hold two empty sets.</summary>
    public static readonly Selector All = new(true, [], []);

    public bool IsAll { get; } = isAll;
    public IReadOnlyDictionary<long, long> Chats => chats;
    public IReadOnlyCollection<long> ChatIds => chats.Keys;
    public HashSet<long> BotIds { get; } = botIds;

    public bool Matches(LogEvent logEvent) =>
        IsAll || (logEvent.ChatId != 0 && chats.ContainsKey(logEvent.ChatId)) || (logEvent.BotId != 0 && BotIds.Contains(logEvent.BotId));

    public bool HasChat(long chatId) => chats.ContainsKey(chatId);

    /// <summary>A group goes on as a supergroup, of the same bot. False: neither is new.</summary>
    public bool Follow(long fromChatId, long toChatId) => chats.TryGetValue(fromChatId, out var botId) && chats.TryAdd(toChatId, botId);

    /// <summary>Whether a loss of this bot's events can concern the subscription.</summary>
    public bool ConcernsBot(long botId) => IsAll || BotIds.Contains(botId) || chats.ContainsValue(botId);
}
