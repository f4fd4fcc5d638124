using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>What one catch-up wants: the log after its position.</summary>
/// <param name="Shard">Gets the page as a command.</param>
/// <param name="LogId">The identity that the position belongs to.</param>
/// <param name="IsShared">Others may have the same question: everything that the connection may read.</param>
/// <param name="KnownStart">
/// Where the page is to start, at or before the position, instead of on the grid: where the last page ended, or where those start whom the
/// page of the grid did not reach.
/// </param>
internal sealed record CatchUpRead(HubShard Shard, CatchUp CatchUp, LogQuery Query, string LogId, bool IsShared, long? KnownStart)
{
    /// <summary>
    /// A shared page starts at a multiple of <see cref="Limits.Deliver.CatchUpEvents"/>: clients that were cut at the same moment have a
    /// thousand different positions near each other, and each would read a first page of its own.
    /// </summary>
    public long StartSeq => !IsShared ? Query.AfterSeq : KnownStart ?? Query.AfterSeq - (Query.AfterSeq % Limits.Deliver.CatchUpEvents);

    public PageKey PageKey => new(LogId, Query.ChatIds, Query.BotIds, StartSeq);
}

/// <summary>
/// Shared reads with an equal key are one. The sets are compared as <see cref="CatchUpPage.IsSameScope"/> does: no set of the library
/// overrides Equals, so two are equal when they are the same object.
/// </summary>
internal readonly record struct PageKey(string LogId, IReadOnlyCollection<long>? ChatIds, IReadOnlyCollection<long>? BotIds, long AfterSeq);

/// <summary>One read of the database, in line or under way, and the catch-ups that wait for it (under the lock of <see cref="CatchUpPages"/>).</summary>
internal sealed class PageRead(CatchUpRead first)
{
    public LogQuery Query { get; } = first.Query with { AfterSeq = first.StartSeq };
    public string LogId { get; } = first.LogId;
    public PageKey PageKey { get; } = first.PageKey;
    public bool IsShared { get; } = first.IsShared;
    public List<CatchUpRead> Waiting { get; } = [first];
}

/// <summary>The answer of a <see cref="CatchUpRead"/>.</summary>
internal sealed record ArrivedPage(CatchUp CatchUp, CatchUpPage Page);
