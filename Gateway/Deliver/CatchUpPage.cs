using Gateway.Log;

namespace Gateway.Deliver;

/// <summary>
/// A page of the log in memory. One that was read for "everything I may read" serves every catch-up with the same question whose position
/// lies inside, with the frames made of its events; one for chosen chats serves whoever asked for it. A catch-up holds it from the moment
/// it is handed out until <see cref="CatchUpPages.Release"/>.
/// </summary>
internal sealed class CatchUpPage
{
    private readonly LogQuery query;

    public CatchUpPage(PageRead read, LogPage page, long readAt)
    {
        query = read.Query;
        LogId = page.Head.LogId;
        ThroughSeq = page.ThroughSeq;
        Retained = page.Retained;
        ReadAt = readAt;
        Events = new EncodedEvent[page.Events.Count];
        for (var i = 0; i < Events.Length; i++)
        {
            Events[i] = new EncodedEvent(page.Events[i], keepsFrames: read.IsShared);
        }
    }

    public string LogId { get; }
    public long AfterSeq => query.AfterSeq;
    public long ThroughSeq { get; }
    public EncodedEvent[] Events { get; }

    /// <summary>What was deleted above <see cref="AfterSeq"/> when the page was read: a gap only for positions below it.</summary>
    public IReadOnlyList<BotRetention> Retained { get; }

    public long ReadAt { get; }

    // The next four belong to CatchUpPages, under its lock.
    public int Holders { get; set; }
    public long UsedAt { get; set; }
    public bool IsKept { get; set; }

    /// <summary>
    /// Whether a read now would give nothing else but what retention took since: what the page still has is no loss. A narrower question is
    /// answered by everything, unless something was deleted: then only the database knows whether that concerns the one who asks.
    /// </summary>
    public bool Answers(CatchUpRead read)
    {
        var position = read.Query.AfterSeq;
        return AfterSeq <= position && position < ThroughSeq && LogId == read.LogId
            && (IsSameScope(query, read.Query) || (query is { ChatIds: null, BotIds: null } && !HasGapAt(position)));
    }

    /// <summary>Whether what the page tells of its part of the log, its end above all, holds for the one who asks.</summary>
    public bool IsOfSameQuestion(CatchUpRead read) => LogId == read.LogId && IsSameScope(query, read.Query);

    /// <summary>The same sets, not equal ones: all connections of a key share theirs, and a change of grants makes new ones.</summary>
    public static bool IsSameScope(LogQuery one, LogQuery other) =>
        ReferenceEquals(one.ChatIds, other.ChatIds) && ReferenceEquals(one.BotIds, other.BotIds);

    /// <summary>The index of the first event above the position.</summary>
    public int IndexAfter(long position)
    {
        var (low, high) = (0, Events.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Events[middle].Seq <= position ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private bool HasGapAt(long position)
    {
        foreach (var (_, retainedFrom) in Retained)
        {
            if (retainedFrom > position + 1)
            {
                return true;
            }
        }

        return false;
    }
}
