using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>From an event to the queues of the connections that want it.</summary>
internal sealed partial class HubShard
{
    private readonly SubscriptionIndex index = new();
    private readonly RecentMigrations migrations;

    private void Process(EventBatch batch)
    {
        if (batch.Through.LogId != logId)
        {
            if (logId.Length > 0 && batch.Through.Seq < seq)
            {
                // The numbers start lower than positions that are out already: only a resume by (log_id, seq) can sort that out.
                CloseAll(CloseCode.Draining);
            }
            else if (logId.Length > 0)
            {
                TellLogReset(batch);
            }

            logId = batch.Through.LogId;
        }

        var events = batch.Events;
        for (var i = 0; i < events.Length; i++)
        {
            // Before matching: whatever becomes live or lagging in between stands between two events.
            Match(events[i]);
            seq = events[i].Seq;
        }

        seq = batch.Through.Seq;
        published = new PublishedPosition(batch.Through);
    }

    private void Match(EncodedEvent encoded)
    {
        var logEvent = encoded.Event;
        if (logEvent.Kind == GatewayEventKinds.ChatMigrated)
        {
            ExtendMigrated(logEvent);
        }

        if (index.OfChat(logEvent.ChatId) is { } ofChat)
        {
            QueueFor(ofChat.Span, encoded);
        }

        if (index.OfBot(logEvent.BotId) is { } ofBot)
        {
            QueueFor(ofBot.Span, encoded);
        }

        foreach (var subscription in index.All.Span)
        {
            // "All I may read": asked here too, or everything would be queued for everyone.
            if (MayRead(subscription.Connection, logEvent))
            {
                QueueFor(subscription, encoded);
            }
        }
    }

    private void QueueFor(ReadOnlySpan<Subscription> subscriptions, EncodedEvent encoded)
    {
        foreach (var subscription in subscriptions)
        {
            QueueFor(subscription, encoded);
        }
    }

    private void QueueFor(Subscription subscription, EncodedEvent encoded)
    {
        var connection = subscription.Connection;
        if (!subscription.IsLive || connection.Lag is not null || encoded.Seq <= subscription.LiveFrom || connection.IsClosing
            || !subscription.PassesFilter(encoded.Event))
        {
            return;
        }

        if (connection.LastQueuedSeq == encoded.Seq)
        {
            // Another of its subscriptions wanted it: bare events go out once.
            if (subscription.IncludeUpdate)
            {
                connection.Queue.WidenLast();
            }

            return;
        }

        if (!connection.Queue.HasRoomFor(encoded))
        {
            StartLagging(connection, encoded.Seq);
            return;
        }

        connection.Queue.Add(encoded, subscription.IncludeUpdate);
        connection.LastQueuedSeq = encoded.Seq;
        MarkDirty(connection);
    }

    /// <summary>Nothing is known of what was matched since <see cref="seq"/>: every live stream goes on from its position, out of the log.</summary>
    private void LagAll(EventBatch batch)
    {
        var failedSeq = seq + 1;
        foreach (var connection in connections)
        {
            if (connection.FirstSubscription is not null && connection.Lag is null && !connection.IsClosing)
            {
                StartLagging(connection, seq + 1);
            }
        }

        (logId, seq) = (batch.Through.LogId, batch.Through.Seq);
        published = new PublishedPosition(batch.Through);

        // Reading the log shows them the links, but only this extends the selectors. Not what failed: it would again.
        foreach (var encoded in batch.Events)
        {
            if (encoded.Seq > failedSeq && encoded.Event.Kind == GatewayEventKinds.ChatMigrated)
            {
                ExtendMigrated(encoded.Event);
            }
        }
    }

    private void StartLagging(Connection connection, long refusedSeq)
    {
        var position = connection.Queue.FirstEventSeq is var first and > 0 ? first - 1 : refusedSeq - 1;
        connection.Queue.DropEvents();
        connection.Lag = new CatchUp(connection, null, position);
        connection.LaggingSince = time.GetTimestamp();
        lagging.Add(connection);
        DeliverTelemetry.Lagging.Add(1);
        MarkDirty(connection);
    }

    /// <summary>
    /// The seqs of the new identity lie above every position anyone holds, so all go on from where they are; what the old log had and
    /// the new one has not is said once to each subscription.
    /// </summary>
    private void TellLogReset(EventBatch batch)
    {
        var earliest = batch.Events.Length > 0 ? batch.Events[0].Seq : batch.Through.Seq + 1;
        foreach (var connection in connections)
        {
            for (var subscription = connection.FirstSubscription; subscription is not null; subscription = subscription.Next)
            {
                var gap = new StreamGap(0, connection.PositionOf(subscription, seq), earliest, GapReason.LogReset, batch.Through.LogId);
                QueueControl(connection, connection.Framing.Gap(subscription.Id, gap));
            }

            // Pages of the old identity may hold what the new one has not.
            ReleasePages(connection);
        }
    }
}
