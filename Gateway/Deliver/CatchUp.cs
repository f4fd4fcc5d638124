using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// A reader on its way to the live end: a subscription that replays, or a connection that lags (then
/// <see cref="Subscription"/> is null and what it reads goes out bare). Near the end it walks the shared ring; further back it holds
/// one page of the database, often one that others hold too. Only the shard's loop touches it, except that a reader fills <see cref="Page"/> through a command.
/// </summary>
internal sealed class CatchUp(Connection connection, Subscription? subscription, long position)
{
    public Connection Connection { get; } = connection;
    public Subscription? Subscription { get; } = subscription;

    /// <summary>Everything up to here that matches has been given to the outlet.</summary>
    public long Position { get; set; } = position;

    public CatchUpPage? Page { get; set; }
    public int PageIndex { get; set; }

    /// <summary>The position is where a page ended: the next one starts there, and is the next one of all who had the same page.</summary>
    public bool IsAtPageEnd { get; set; }

    /// <summary>A read is under way or in line; its page comes as a command.</summary>
    public bool IsReading { get; set; }

    /// <summary>That read was asked for with grants that have grown since: its page lacks what they let through now.</summary>
    public bool IsOutdated { get; set; }

    /// <summary>Only what the client was given from this <see cref="AccessFloor"/> on counts as new.</summary>
    public int FirstFloor { get; init; }

    /// <summary>The subscription or the connection is gone: a page that comes is let go.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Starting from the earliest event there is, what retention took before is no gap.</summary>
    public bool IgnoresFirstGaps { get; set; }

    /// <summary>For each bot the <c>retained_from</c> that the client was told; made when the first gap is met.</summary>
    public Dictionary<long, long>? ToldRetention { get; set; }
}
