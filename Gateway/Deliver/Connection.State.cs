using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>The part of a connection that only its shard's loop touches.</summary>
internal sealed partial class Connection
{
    /// <summary>The queue's entries; null while nothing waits, so that an idle connection holds no array.</summary>
    internal OutboundQueue Queue;

    /// <summary>Head of the list through <see cref="Subscription.Next"/>; most connections have one subscription.</summary>
    internal Subscription? FirstSubscription;
    internal int SubscriptionCount;

    /// <summary>Set while the connection lags: then live events are not queued but read from here, in the same bare order.</summary>
    internal CatchUp? Lag;

    /// <summary>The newest event that was queued; the second matching subscription finds it here and adds nothing.</summary>
    internal long LastQueuedSeq;

    /// <summary>The newest bare event that was sent: it told the position of every live subscription.</summary>
    internal long LastSentSeq;

    /// <summary>The grants before the newest send was put together: what the outlet still holds was let out by these or narrower ones.</summary>
    internal Grants SentUnder = Grants.None;

    /// <summary>Whether the newest send holds events.</summary>
    internal bool HasSentEvents;

    /// <summary>The grants this connection was told of. Newer ones take away at once, but add only from when they are these.</summary>
    internal Grants AppliedGrants = Grants.None;

    /// <summary>Null for every connection that is not behind, or whose grants have not grown since it was.</summary>
    internal List<AccessFloor>? Floors;
    internal int FloorsMade;

    internal long LaggingSince;
    internal long PendingSince;
    internal int ShardIndex = -1;
    internal CloseCode ClosingWith;
    internal bool IsPending;
    internal bool IsDirty;
    internal bool IsHeld;
    internal bool IsExpiryTold;

    internal IOutlet Outlet { get; }

    internal bool IsOpen => ShardIndex >= 0;

    internal bool IsClosing => ClosingWith != 0;

    /// <summary>Everything up to here that matches a live subscription and may be read has been given to the outlet.</summary>
    internal long LivePosition(long shardSeq) => Lag is { } lag ? lag.Position : Queue.FirstEventSeq is var first and > 0 ? first - 1 : shardSeq;

    internal long PositionOf(Subscription subscription, long shardSeq) =>
        subscription.CatchUp?.Position ?? Math.Max(subscription.LiveFrom, LivePosition(shardSeq));

    /// <summary>Every stream of the connection has passed everything up to here.</summary>
    internal long LowestPosition(long shardSeq)
    {
        var lowest = LivePosition(shardSeq);
        for (var subscription = FirstSubscription; subscription is not null; subscription = subscription.Next)
        {
            lowest = Math.Min(lowest, subscription.CatchUp?.Position ?? lowest);
        }

        return lowest;
    }

    internal void DropFloors(long position)
    {
        Floors?.RemoveAll(floor => floor.Seq <= position);
        Floors = Floors is { Count: > 0 } ? Floors : null;
    }

    internal Subscription? Find(string id)
    {
        var subscription = FirstSubscription;
        while (subscription is not null && subscription.Id != id)
        {
            subscription = subscription.Next;
        }

        return subscription;
    }

    /// <summary>Whether a live subscription wants the event, and in which form; the form with the update includes the other.</summary>
    internal bool WantsLive(LogEvent logEvent, out bool includeUpdate)
    {
        var wanted = false;
        includeUpdate = false;
        for (var subscription = FirstSubscription; subscription is not null; subscription = subscription.Next)
        {
            if (subscription.IsLive && logEvent.Seq > subscription.LiveFrom && subscription.Matches(logEvent))
            {
                wanted = true;
                includeUpdate |= subscription.IncludeUpdate;
            }
        }

        return wanted;
    }
}
