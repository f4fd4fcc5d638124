using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// Bringing subscriptions and lagging connections to the live end. Only here does one become live: when its position reaches the
/// newest event this shard has matched, in the same turn, so that nothing can fall between. Until then the shared ring is its buffer;
/// if the ring moves on without it, it reads the database again.
/// </summary>
internal sealed partial class HubShard
{
    // Walking the ring past events that do not match costs some 20 ns each: 4,096 of them stay under 100 µs a turn.
    private const int WalkEvents = 4096;

    /// <returns>Whether there is more to read at once.</returns>
    private bool FillFromCatchUps(Connection connection)
    {
        var hasMore = connection.Lag is { } lag && Fill(lag);
        for (var subscription = connection.FirstSubscription; subscription is not null; subscription = subscription.Next)
        {
            if (subscription.CatchUp is { } catchUp)
            {
                hasMore |= scratch.Length >= Limits.Deliver.SendBytes || Fill(catchUp);
            }
        }

        // The switch queued control frames.
        return hasMore || connection.Queue.Count > 0;
    }

    /// <returns>Whether it can go on without waiting for a page.</returns>
    private bool Fill(CatchUp catchUp)
    {
        for (var walked = 0; walked < WalkEvents; walked++)
        {
            if (scratch.Length >= Limits.Deliver.SendBytes)
            {
                return true;
            }

            if (catchUp.Page is { } page)
            {
                walked += FillFromPage(catchUp, page);
            }
            else if (catchUp.Position >= seq)
            {
                BecomeLive(catchUp);
                return false;
            }
            else if (catchUp.IsReading)
            {
                return false;
            }
            else if (recent.Find(logId, catchUp.Position + 1) is { } encoded)
            {
                Replay(catchUp, encoded);
                catchUp.Position++;
                catchUp.IsAtPageEnd = false;
            }
            else if (!TryGetPage(catchUp))
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>How many events were walked.</returns>
    private int FillFromPage(CatchUp catchUp, CatchUpPage page)
    {
        var first = catchUp.PageIndex;
        // Another shard may have asked for the page and be ahead: what is above our own live end comes live, and would come twice.
        while (catchUp.PageIndex < page.Events.Length && page.Events[catchUp.PageIndex].Seq <= seq)
        {
            if (scratch.Length >= Limits.Deliver.SendBytes)
            {
                return catchUp.PageIndex - first;
            }

            var encoded = page.Events[catchUp.PageIndex++];
            Replay(catchUp, encoded);
            catchUp.Position = encoded.Seq;
        }

        var walked = catchUp.PageIndex - first;
        catchUp.Position = Math.Max(catchUp.Position, Math.Min(page.ThroughSeq, seq));
        catchUp.IsAtPageEnd = true;
        ReleasePage(catchUp);
        return walked;
    }

    private void Replay(CatchUp catchUp, EncodedEvent encoded)
    {
        var connection = catchUp.Connection;
        var logEvent = encoded.Event;
        if (!MayRead(connection, logEvent, catchUp.FirstFloor))
        {
            return;
        }

        if (catchUp.Subscription is { } subscription)
        {
            if (logEvent.Kind == GatewayEventKinds.ChatMigrated)
            {
                AppendMissed(subscription, logEvent);
            }

            if (subscription.Matches(logEvent))
            {
                connection.Framing.AppendReplay(scratch, encoded, subscription.IncludeUpdate, subscription.Id);
                sentEvents++;
            }
        }
        else if (connection.WantsLive(logEvent, out var includeUpdate))
        {
            connection.Framing.AppendEvent(scratch, encoded, includeUpdate);
            connection.LastSentSeq = encoded.Seq;
            sentEvents++;
        }
    }

    private void BecomeLive(CatchUp catchUp)
    {
        var connection = catchUp.Connection;
        if (catchUp.Subscription is not { } subscription)
        {
            connection.Lag = null;
            lagging.Remove(connection);
            connection.DropFloors(connection.LowestPosition(seq));
            return;
        }

        // Above the live end when the client came from a replica that is ahead of this one.
        subscription.LiveFrom = catchUp.Position;
        subscription.ToldSeq = catchUp.Position;
        subscription.CatchUp = null;
        connection.DropFloors(connection.LowestPosition(seq));
        QueueControl(connection, connection.Framing.CaughtUp(subscription.Id, new LogPosition(logId, catchUp.Position)));
    }

    /// <returns>Whether it is here; else it comes as a command, or the tick asks again.</returns>
    private bool TryGetPage(CatchUp catchUp)
    {
        var connection = catchUp.Connection;
        var query = new LogQuery(catchUp.Position)
        {
            ThroughSeq = seq,
            MaxEvents = Limits.Deliver.CatchUpEvents,
            MaxBytes = Limits.Deliver.CatchUpBytes,
        };
        query = CatchUpScope.Narrow(query, connection, catchUp.Subscription, migrations, out var isShared);
        var page = reader.Request(new CatchUpRead(this, catchUp, query, logId, isShared, catchUp.IsAtPageEnd ? catchUp.Position : null));
        catchUp.IsReading = page is null;
        return page is not null && TryTake(catchUp, page);
    }

    private void TakePage(ArrivedPage arrived)
    {
        var (catchUp, page) = arrived;
        catchUp.IsReading = false;
        if (catchUp.IsCancelled)
        {
            reader.Release(page);
        }
        else if (catchUp.IsOutdated)
        {
            catchUp.IsOutdated = false;
            reader.Release(page);
            MarkDirty(catchUp.Connection);
        }
        else if (TryTake(catchUp, page))
        {
            MarkDirty(catchUp.Connection);
        }
    }

    private bool TryTake(CatchUp catchUp, CatchUpPage page)
    {
        if (page.LogId != logId || page.ThroughSeq <= catchUp.Position)
        {
            // The database and the bus are of different log identities, or the head moved back: the bus reader will find out and
            // tell; until then the tick asks again.
            reader.Release(page);
            waiting.Add(catchUp.Connection);
            return false;
        }

        TellRetention(catchUp, page);
        catchUp.Page = page;
        catchUp.PageIndex = page.IndexAfter(catchUp.Position);
        catchUp.IsAtPageEnd = false;
        return true;
    }

    private void TellRetention(CatchUp catchUp, CatchUpPage page)
    {
        foreach (var (botId, retainedFrom) in page.Retained)
        {
            if (retainedFrom <= catchUp.Position + 1)
            {
                // The page starts earlier than the position: there something is missing, here nothing.
                continue;
            }

            catchUp.ToldRetention ??= [];
            if (catchUp.ToldRetention.TryGetValue(botId, out var told) && told >= retainedFrom)
            {
                continue;
            }

            catchUp.ToldRetention[botId] = retainedFrom;
            if (!catchUp.IgnoresFirstGaps)
            {
                TellGap(catchUp, new StreamGap(botId, catchUp.Position, retainedFrom, GapReason.Retention, logId));
            }
        }

        catchUp.IgnoresFirstGaps = false;
    }

    private void TellGap(CatchUp catchUp, in StreamGap gap)
    {
        var connection = catchUp.Connection;
        for (var subscription = connection.FirstSubscription; subscription is not null; subscription = subscription.Next)
        {
            var isConcerned = catchUp.Subscription is { } one ? ReferenceEquals(one, subscription) : subscription.IsLive;
            if (isConcerned && subscription.Selector.ConcernsBot(gap.BotId))
            {
                QueueControl(connection, connection.Framing.Gap(subscription.Id, gap));
            }
        }
    }

    private void ReleasePage(CatchUp catchUp)
    {
        if (catchUp.Page is { } page)
        {
            catchUp.Page = null;
            catchUp.PageIndex = 0;
            reader.Release(page);
        }
    }

    private void Cancel(CatchUp? catchUp)
    {
        if (catchUp is not null)
        {
            catchUp.IsCancelled = true;
            ReleasePage(catchUp);
        }
    }
}
