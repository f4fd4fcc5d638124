using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>One subscription of one connection; belongs to the shard's loop once it is started.</summary>
internal sealed class Subscription(Connection connection, string id, Selector selector, ChatReference onlyChat, EventFilter? filter, bool includeUpdate)
{
    public Connection Connection { get; } = connection;
    public string Id { get; } = id;
    public Selector Selector { get; } = selector;
    public bool IncludeUpdate { get; } = includeUpdate;

    /// <summary>The next subscription of the same connection.</summary>
    public Subscription? Next { get; set; }

    /// <summary>Null once it is live.</summary>
    public CatchUp? CatchUp { get; set; }

    /// <summary>Bare events above this belong to the subscription; up to here catch-up has delivered everything.</summary>
    public long LiveFrom { get; set; }

    /// <summary>
    /// What was sent after this is of all the chats the selector has now. Its start; zero for one that wanted nothing earlier. Moved when a
    /// migration adds a chat on the way.
    /// </summary>
    public long CompleteAfter { get; set; }

    /// <summary>The last position the client was told in a frame of its own.</summary>
    public long ToldSeq { get; set; }

    public bool IsLive => CatchUp is null;

    /// <summary>Whether the chat, as it was named, is the only selector.</summary>
    public bool IsOf(ChatReference chat) => chat != default && onlyChat == chat;

    /// <summary>Selector and filter; the permission is another question, asked when the event leaves.</summary>
    public bool Matches(LogEvent logEvent) => Selector.Matches(logEvent) && PassesFilter(logEvent);

    /// <summary>For events that the index found by the selector already.</summary>
    public bool PassesFilter(LogEvent logEvent) => filter is null || filter.Passes(logEvent);
}
