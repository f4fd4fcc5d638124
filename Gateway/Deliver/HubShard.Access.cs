using System.Runtime.InteropServices;
using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// Law L7 on running streams. What is taken away holds at once, by the principal's own object; what is given holds from the moment when this loop
/// heard of it, so that the client is told first and nothing older comes.
/// </summary>
internal sealed partial class HubShard
{
    // Reused by every change: all connections of a principal went from the same grants to the same grants.
    private readonly Dictionary<(Grants Before, Grants After), AccessChange> changes = [];

    /// <param name="firstFloor">The floors that are older do not count: the events were asked for after them.</param>
    private bool MayRead(Connection connection, LogEvent logEvent, int firstFloor = 0)
    {
        var grants = connection.Principal.Grants;
        return LetsThrough(connection, grants, logEvent)
            && (ReferenceEquals(grants, connection.AppliedGrants) || LetsThrough(connection, connection.AppliedGrants, logEvent))
            && (connection.Floors is null || IsAboveFloors(connection, logEvent, firstFloor));
    }

    private bool LetsThrough(Connection connection, Grants grants, LogEvent logEvent) =>
        (grants.CanRead(logEvent.BotId, logEvent.ChatId, logEvent.Facts.ThreadId ?? 0)
            && (grants.Feedback is null || !connection.Framing.IsPush || grants.Feedback.Contains(logEvent.ChatId)))
        || migrations.LetsRead(grants, logEvent.BotId, logEvent.ChatId, connection.Framing.IsPush);

    private bool IsAboveFloors(Connection connection, LogEvent logEvent, int firstFloor)
    {
        var floors = CollectionsMarshal.AsSpan(connection.Floors);
        for (var i = floors.Length - 1; i >= 0 && floors[i].Number >= firstFloor && logEvent.Seq <= floors[i].Seq; i--)
        {
            if (!LetsThrough(connection, floors[i].Before, logEvent) && !floors[i].Moved.Contains(logEvent.ChatId))
            {
                return false;
            }
        }

        return true;
    }

    /// <param name="one">The connection whose credential was renewed; null: any may have changed.</param>
    private void CheckAccess(Connection? one)
    {
        if (one is not null)
        {
            one.IsExpiryTold = false;
            CheckOne(one);
            return;
        }

        for (var i = connections.Count - 1; i >= 0; i--)
        {
            TryCheckOne(connections[i]);
        }

        changes.Clear();
    }

    private void TryCheckOne(Connection connection)
    {
        try
        {
            CheckOne(connection);
        }
        catch (Exception e)
        {
            // The one that fails is cut: the others behind it must hear of what they lost.
            DeliverLog.AccessFailed(logger, e, connection.Principal.Id);
            Abort(connection, CloseCode.Draining);
        }
    }

    private void CheckOne(Connection connection)
    {
        if (!connection.IsOpen)
        {
            return;
        }

        if (EndOf(connection.Principal) is { } code)
        {
            Revoke(connection, code);
        }
        else if (connection.IsPending && !connection.Principal.Grants.Covers(connection.SentUnder))
        {
            // The outlet may hold events of what is no longer granted (law L7). The rest of the stream is there for one that resumes.
            Abort(connection, CloseCode.SlowConsumer);
        }
        else
        {
            ApplyAccess(connection);
        }
    }

    /// <summary>Why the principal may have no stream any more; null: it may.</summary>
    private static CloseCode? EndOf(Principal principal)
    {
        if (principal.IsRevoked)
        {
            // A token ends by itself and is renewed; a key that has expired is not, nor is a session.
            return principal.IsTokenExpired ? CloseCode.TokenExpired : CloseCode.Unauthenticated;
        }

        return principal.Has(Permission.EventsRead) ? null : CloseCode.Forbidden;
    }

    private void Revoke(Connection connection, CloseCode code)
    {
        if (connection.IsPending)
        {
            // Events are on their way out of this process: they must not reach the peer whenever it likes to read them (law L7).
            Abort(connection, code);
        }
        else
        {
            Close(connection, code);
        }
    }

    /// <summary>From here on what the principal was given reaches the connection, behind the frames that tell of it.</summary>
    private void ApplyAccess(Connection connection)
    {
        var (before, after) = (connection.AppliedGrants, connection.Principal.Grants);
        if (ReferenceEquals(before, after))
        {
            return;
        }

        connection.AppliedGrants = after;
        if (connection.FirstSubscription is null)
        {
            return;
        }

        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(changes, (before, after), out _);
        change ??= new AccessChange(before, after);
        var moved = migrations.MovedFrom(before);
        if (change.AddsEvents)
        {
            AddFloor(connection, before, moved);
        }

        foreach (var notice in change.NoticesFor(connection.FirstSubscription, moved))
        {
            QueueControl(connection, connection.Framing.Access(notice));
        }

        if (connection.HasTooMuchControl)
        {
            // It takes nothing, and its grants change all the time.
            CloseNow(connection, CloseCode.SlowConsumer);
        }
    }

    private void AddFloor(Connection connection, Grants before, IReadOnlyCollection<long> moved)
    {
        var position = connection.LowestPosition(seq);
        connection.DropFloors(position);
        if (position >= seq)
        {
            return;
        }

        if (connection.Floors?.Count >= Limits.Deliver.AccessFloors)
        {
            CloseNow(connection, CloseCode.SlowConsumer);
            return;
        }

        (connection.Floors ??= []).Add(new AccessFloor(connection.FloorsMade++, seq, before, moved));
        RefreshPages(connection);
    }

    /// <summary>
    /// A page for "all I may read" was asked for with the grants before. Another shard's may reach beyond our live end: what is missing there is
    /// above the floor.
    /// </summary>
    private void RefreshPages(Connection connection)
    {
        RefreshPage(connection.Lag);
        for (var subscription = connection.FirstSubscription; subscription is not null; subscription = subscription.Next)
        {
            RefreshPage(subscription.CatchUp);
        }
    }

    private void RefreshPage(CatchUp? catchUp)
    {
        if (catchUp?.Page is { } page && page.ThroughSeq > seq)
        {
            ReleasePage(catchUp);
        }
        else if (catchUp is { IsReading: true })
        {
            catchUp.IsOutdated = true;
        }
    }
}
