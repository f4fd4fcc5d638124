using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>What one catch-up wants: the log after its position.</summary>
/// <param name="Shard">Gets the page as a command.</param>
/// <param name="LogId">The identity that the position belongs to.</param>
/// <param name="IsShared">Others may have the same question: everything that the connection may read.</param>
/// <param name="IsExact">Read from the position itself and not from the grid: it follows a page, or the page of the grid did not reach it.</param>
internal sealed record CatchUpRead(HubShard Shard, CatchUp CatchUp, LogQuery Query, string LogId, bool IsShared, bool IsExact)
{
    /// <summary>
    /// A shared page starts at a multiple of <see cref="Limits.Deliver.CatchUpEvents"/>: clients that were cut at the same moment have a
    /// thousand different positions near each other, and each would read a first page of its own.
    /// </summary>
    public long StartSeq => IsShared && !IsExact ? Query.AfterSeq - (Query.AfterSeq % Limits.Deliver.CatchUpEvents) : Query.AfterSeq;
}

/// <summary>One read of the database, in line or under way, and the catch-ups that wait for it (under the lock of <see cref="CatchUpPages"/>).</summary>
internal sealed class PageRead(CatchUpRead first)
{
    public LogQuery Query { get; } = first.Query with { AfterSeq = first.StartSeq };
    public string LogId { get; } = first.LogId;
    public bool IsShared { get; } = first.IsShared;
    public List<CatchUpRead> Waiting { get; } = [first];

    public bool MayAnswer(CatchUpRead read)
    {
        var beyondStart = read.Query.AfterSeq - Query.AfterSeq;
        return IsShared && read.IsShared && LogId == read.LogId && CatchUpPage.IsSameScope(Query, read.Query)
            && (beyondStart == 0 || (!read.IsExact && beyondStart > 0 && beyondStart < Limits.Deliver.CatchUpEvents));
    }
}

/// <summary>The answer of a <see cref="CatchUpRead"/>.</summary>
internal sealed record ArrivedPage(CatchUp CatchUp, CatchUpPage Page);
