using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// Puts a page of messages together from candidates (events of the chats, or hits of the index), newest first, and knows where the next
/// page begins. The same on every engine.
/// </summary>
internal sealed class MessagePageBuilder(MessageQuery query)
{
    private readonly int limit = Math.Clamp(query.Limit, 1, Limits.Search.PageMessages);
    private readonly List<MessageRow> rows = [];
    private bool hasMore;
    private int walked;

    /// <summary>The next candidates lie below it.</summary>
    public long BeforeId { get; private set; } = query.BeforeId;

    /// <summary>How many candidates to ask for next; zero: the page is done. One more than are missing, to know whether there is more.</summary>
    public int NextCount { get; private set; } = query.IsOfNone ? 0 : Math.Clamp(query.Limit, 1, Limits.Search.PageMessages) + 1;

    /// <summary>To be called for every candidate's row in order; a candidate that is no message has none.</summary>
    public void Add(MessageRow row)
    {
        if (!Matches(row) || hasMore) return;
        if (rows.Count == limit) hasMore = true;
        else rows.Add(row);
    }

    /// <summary>All candidates of this round were added; there were so many, and this was the last one.</summary>
    public void EndRound(int candidates, long lastId)
    {
        walked += candidates;
        var isEnd = candidates < NextCount;
        if (candidates > 0) BeforeId = lastId;
        if (!isEnd && !hasMore && walked >= Limits.Search.WalkedEvents)
        {
            // As far as was looked, not as far as was found: the next page must not look again.
            hasMore = true;
            NextCount = 0;
            return;
        }

        if (hasMore) BeforeId = rows[^1].Id;
        NextCount = isEnd || hasMore ? 0 : Math.Min(Limits.Search.WalkedEvents - walked, Limits.Log.PageEvents);
    }

    public MessagePage Build() => new(rows, hasMore ? BeforeId : null);

    private bool Matches(MessageRow row) =>
        query.IsIn(row)
        && (query.FromUserId is null || row.FromUserId == query.FromUserId)
        && (query.ThreadId is null || row.ThreadId == query.ThreadId)
        && (query.MessageType is null || string.Equals(row.MessageType, query.MessageType, StringComparison.Ordinal))
        && (query.MayRead is null || query.MayRead(row));
}
