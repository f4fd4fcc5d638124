using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>Connections and subscriptions coming and going.</summary>
internal sealed partial class HubShard
{
    private readonly List<Connection> connections = [];

    private void Open(Connection connection)
    {
        connection.ShardIndex = connections.Count;
        connections.Add(connection);
        connection.AppliedGrants = connection.Principal.Grants;
        DeliverTelemetry.Connections.Add(1);
        if (isDraining)
        {
            Close(connection, CloseCode.Draining);
        }
        else if (EndOf(connection.Principal) is { } code)
        {
            // Ended between its authentication and now: the change was told before this connection was here to hear it.
            Close(connection, code);
        }
    }

    private void Subscribe(Connection connection, SubscriptionOrder order)
    {
        var request = order.Resolved.Request!;
        var start = order.Resolved.Start;
        if (Refusal(connection, request, start) is { } error)
        {
            order.Answer.SetResult(new SubscribeOutcome(default, error));
            return;
        }

        // What was granted a moment ago is of the past that it asks for, and not of the future.
        ApplyAccess(connection);
        changes.Clear();
        var after = start.AfterSeq ?? seq;
        migrations.Follow(order.Resolved.Selector!);
        var onlyChat = request is { Chats: [var chat], BotIds: [] } ? chat : default;
        var subscription = new Subscription(connection, request.Id, order.Resolved.Selector!, onlyChat, EventFilter.For(request), request.IncludeUpdate)
        {
            Next = connection.FirstSubscription,
            ToldSeq = after,
            CompleteAfter = start.AfterSeq ?? 0,
        };
        var catchUp = new CatchUp(connection, subscription, after) { IgnoresFirstGaps = start.IsEarliest, FirstFloor = connection.FloorsMade };
        subscription.CatchUp = catchUp;
        connection.FirstSubscription = subscription;
        connection.SubscriptionCount++;
        index.Add(subscription);
        DeliverTelemetry.Subscriptions.Add(1);

        QueueControl(connection, connection.Framing.Subscribed(request.Id, new LogPosition(logId, after)));
        if (start.Gap is { } gap)
        {
            QueueControl(connection, connection.Framing.Gap(request.Id, gap));
        }

        if (after >= seq)
        {
            BecomeLive(catchUp);
        }
        else
        {
            DeliverTelemetry.CatchUps.Add(1);
            MarkDirty(connection);
        }

        order.Answer.SetResult(new SubscribeOutcome(new LogPosition(logId, after), null));
    }

    private static readonly RequestError Closing = new("CLOSED", "The connection is closing.");

    private RequestError? Refusal(Connection connection, SubscriptionRequest request, in SubscriptionStart start)
    {
        if (!connection.IsOpen || connection.IsClosing)
        {
            return Closing;
        }

        if (published is null || (start.OfLogId is { } of && of != logId))
        {
            // The log got a new identity since the position was looked at: it would be taken for one of that, and no gap be told, or one
            // that names another identity than the events after it have.
            return ResolvedSubscription.Unavailable.Error;
        }

        if (connection.Find(request.Id) is not null)
        {
            return new RequestError("DUPLICATE_ID", "A subscription with this id is running; unsubscribe it first.");
        }

        return connection.SubscriptionCount < Limits.Deliver.SubscriptionsPerConnection
            ? null
            : new RequestError("TOO_MANY_SUBSCRIPTIONS", $"A connection has at most {Limits.Deliver.SubscriptionsPerConnection} subscriptions.");
    }

    private void Unsubscribe(Connection connection, Unsubscription order)
    {
        UnsubscribeOutcome? outcome = null;
        for (var subscription = connection.FirstSubscription; subscription is not null;)
        {
            var next = subscription.Next;
            if (order.Id is { } id ? subscription.Id == id : subscription.IsOf(order.Chat))
            {
                outcome = new UnsubscribeOutcome(new LogPosition(logId, connection.PositionOf(subscription, seq)), null);
                End(connection, subscription);
                QueueControl(connection, connection.Framing.Unsubscribed(subscription.Id));
            }

            subscription = next;
        }

        order.Answer.SetResult(outcome ?? new UnsubscribeOutcome(default, new RequestError("SUBSCRIPTION_NOT_FOUND", "There is no such subscription on this connection.")));
    }

    private void End(Connection connection, Subscription subscription)
    {
        Cancel(subscription.CatchUp);
        index.Remove(subscription);
        connection.SubscriptionCount--;
        DeliverTelemetry.Subscriptions.Add(-1);
        if (ReferenceEquals(connection.FirstSubscription, subscription))
        {
            connection.FirstSubscription = subscription.Next;
            return;
        }

        var before = connection.FirstSubscription!;
        while (!ReferenceEquals(before.Next, subscription))
        {
            before = before.Next!;
        }

        before.Next = subscription.Next;
    }

    /// <summary>Ends in order: what was queued as control goes out first, events do not (the client resumes from its position).</summary>
    private void Close(Connection connection, CloseCode code)
    {
        if (connection.IsOpen && !connection.IsClosing)
        {
            connection.ClosingWith = code;
            // From now on it is the close that the peer is waited for.
            connection.PendingSince = time.GetTimestamp();
            EndAll(connection);
            connection.Queue.DropEvents();
            MarkDirty(connection);
        }
    }

    private void CloseAll(CloseCode code)
    {
        foreach (var connection in connections)
        {
            Close(connection, code);
        }
    }

    private void EndAll(Connection connection)
    {
        while (connection.FirstSubscription is { } subscription)
        {
            End(connection, subscription);
        }

        if (connection.Lag is not null)
        {
            Cancel(connection.Lag);
            connection.Lag = null;
            lagging.Remove(connection);
        }
    }

    /// <summary>Lets the connection go. The outlet is not called again.</summary>
    private void Remove(Connection connection, CloseCode code)
    {
        if (!connection.IsOpen)
        {
            return;
        }

        EndAll(connection);
        connection.Queue.Clear();
        if (connection.IsPending)
        {
            pendingConnections--;
        }

        var last = connections[^1];
        connections[connection.ShardIndex] = last;
        last.ShardIndex = connection.ShardIndex;
        connections.RemoveAt(connections.Count - 1);
        connection.ShardIndex = -1;
        connection.Complete(code);
        DeliverTelemetry.Connections.Add(-1);
        DeliverTelemetry.Disconnects.Add(1, new KeyValuePair<string, object?>("code", (int)code));
        if (isDraining && connections.Count == 0)
        {
            drained.TrySetResult();
        }
    }

    private void Abort(Connection connection, CloseCode code)
    {
        if (!connection.IsOpen)
        {
            // Its handler has returned, and Kestrel serves another request with what the outlet holds.
            return;
        }

        try
        {
            connection.Outlet.Abort();
        }
        finally
        {
            Remove(connection, code);
        }
    }

    /// <summary>A peer that takes nothing: the code follows what is on its way to it, for one that reads again.</summary>
    private void CloseStalled(Connection connection, CloseCode code)
    {
        connection.Outlet.Close(code);
        Remove(connection, code);
    }

    private void AbortAll()
    {
        while (connections.Count > 0)
        {
            Abort(connections[^1], CloseCode.Draining);
        }

        drained.TrySetResult();
    }
}
