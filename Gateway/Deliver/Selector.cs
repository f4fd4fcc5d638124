using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// The chats and bots of a subscription, resolved to gateway ids: an event is selected when its chat or its bot is named, or by
/// "all I may read". Changes only when a group migrates, on the shard's loop.
/// </summary>
internal sealed class Selector(bool isAll, HashSet<long> chatIds, HashSet<long> botIds, HashSet<long> chatBotIds)
{
    /// <summary>"All I may read": shared, because ten thousand sockets that only want everything would each hold three empty sets.</summary>
    public static readonly Selector All = new(true, [], [], []);

    public bool IsAll { get; } = isAll;
    public HashSet<long> ChatIds { get; } = chatIds;
    public HashSet<long> BotIds { get; } = botIds;

    public bool Matches(LogEvent logEvent) =>
        IsAll || (logEvent.ChatId != 0 && ChatIds.Contains(logEvent.ChatId)) || (logEvent.BotId != 0 && BotIds.Contains(logEvent.BotId));

    /// <summary>Whether a loss of this bot's events can concern the subscription.</summary>
    public bool ConcernsBot(long botId) => IsAll || BotIds.Contains(botId) || chatBotIds.Contains(botId);
}
