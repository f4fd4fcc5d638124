using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>What the clock and the access control bring about: lagging, held delivery, positions, revocation, draining.</summary>
internal sealed partial class HubShard
{
    private readonly List<Connection> lagging = [];
    private readonly List<Connection> waiting = [];
    private readonly List<(Connection Connection, long DueTimestamp)> draining = [];
    private int isTickPosted;
    private int pendingConnections;
    private long tickCount;
    private bool isDraining;

    private static int TicksPerPosition => (int)(Limits.Deliver.PositionInterval / Limits.Deliver.Tick);

    private void PostTick()
    {
        if (Interlocked.Exchange(ref isTickPosted, 1) == 0)
        {
            Post(new ShardCommand(ShardCommandKind.Tick, null, null));
        }
    }

    private void Tick()
    {
        Volatile.Write(ref isTickPosted, 0);
        tickCount++;
        foreach (var connection in waiting)
        {
            MarkDirty(connection);
        }

        waiting.Clear();
        migrations.Expire();
        reader.Expire();
        Unhold();
        CloseSlow();
        TellPositions();
        CloseDrained();
    }

    private void Unhold()
    {
        if (held.Count == 0 || !isCurrent())
        {
            return;
        }

        var now = time.GetTimestamp();
        foreach (var connection in held)
        {
            // Whoever lagged because delivery was held starts its time now.
            connection.IsHeld = false;
            connection.LaggingSince = now;
            MarkDirty(connection);
        }

        held.Clear();
    }

    private void CloseSlow()
    {
        for (var i = lagging.Count - 1; i >= 0; i--)
        {
            var connection = lagging[i];
            if (!connection.IsHeld && time.GetElapsedTime(connection.LaggingSince) > Limits.Deliver.Lagging)
            {
                CloseNow(connection, CloseCode.SlowConsumer);
            }
        }

        if (pendingConnections == 0 || tickCount % TicksPerSecond != 0)
        {
            return;
        }

        // Asked once: after the first page that is given back no reader waits, and the next might go to another peer that takes nothing.
        var isStarved = reader.IsStarved;
        var mayDeliver = isCurrent();
        for (var i = connections.Count - 1; i >= 0; i--)
        {
            var connection = connections[i];
            if (!connection.IsPending)
            {
                continue;
            }

            if (!mayDeliver && !connection.IsClosing)
            {
                // The rest may be held back by its outlet: the peer's time starts when it is let go.
                connection.PendingSince = time.GetTimestamp();
            }

            var stalled = time.GetElapsedTime(connection.PendingSince);
            if (stalled > Limits.Deliver.Lagging || (connection.IsClosing && stalled > Limits.Deliver.CloseWait))
            {
                CloseStalled(connection, connection.IsClosing ? connection.ClosingWith : CloseCode.SlowConsumer);
            }
            else if (isStarved)
            {
                ReleasePages(connection);
            }
        }
    }

    private static int TicksPerSecond => (int)(TimeSpan.FromSeconds(1) / Limits.Deliver.Tick);

    private void CloseNow(Connection connection, CloseCode code)
    {
        if (connection.IsPending)
        {
            CloseStalled(connection, code);
        }
        else
        {
            Close(connection, code);
        }
    }

    private void ReleasePages(Connection connection)
    {
        if (connection.Lag is { } lag)
        {
            ReleasePage(lag);
        }

        for (var subscription = connection.FirstSubscription; subscription is not null; subscription = subscription.Next)
        {
            if (subscription.CatchUp is { } catchUp)
            {
                ReleasePage(catchUp);
            }
        }
    }

    /// <summary>Each connection has its turn once per interval, spread over the ticks, so that ten thousand of them make no burst.</summary>
    private void TellPositions()
    {
        var phases = TicksPerPosition;
        for (var i = (int)(tickCount % phases); i < connections.Count; i += phases)
        {
            var connection = connections[i];
            if (connection.IsPending || connection.IsClosing)
            {
                continue;
            }

            connection.DropFloors(connection.LowestPosition(seq));
            for (var subscription = connection.FirstSubscription; subscription is not null; subscription = subscription.Next)
            {
                TellPosition(connection, subscription);
            }

            TellExpiry(connection);
            QueueControl(connection, connection.Framing.Heartbeat);
        }
    }

    private void TellPosition(Connection connection, Subscription subscription)
    {
        var position = connection.PositionOf(subscription, seq);
        var told = subscription.IsLive ? Math.Max(subscription.ToldSeq, connection.LastSentSeq) : subscription.ToldSeq;
        if (position > told)
        {
            subscription.ToldSeq = position;
            QueueControl(connection, connection.Framing.Position(subscription.Id, new LogPosition(logId, position)));
        }
    }

    private void TellExpiry(Connection connection)
    {
        var expiresAtMs = connection.Principal.ExpiresAtMs;
        if (expiresAtMs == long.MaxValue || connection.IsExpiryTold)
        {
            return;
        }

        var restMs = expiresAtMs - time.GetUtcNow().ToUnixTimeMilliseconds();
        if (restMs > 0 && restMs <= Limits.Deliver.ExpiryNotice.TotalMilliseconds)
        {
            connection.IsExpiryTold = true;
            QueueControl(connection, connection.Framing.Expiring(restMs / 1000));
        }
    }

    private void Drain()
    {
        isDraining = true;
        var now = time.GetTimestamp();
        var jitterTicks = Limits.Deliver.DrainJitter.TotalSeconds * time.TimestampFrequency;
        foreach (var connection in connections)
        {
            draining.Add((connection, now + (long)(random.NextDouble() * jitterTicks)));
        }

        if (connections.Count == 0)
        {
            drained.TrySetResult();
        }
    }

    private void CloseDrained()
    {
        var now = time.GetTimestamp();
        for (var i = draining.Count - 1; i >= 0; i--)
        {
            if (draining[i].DueTimestamp <= now)
            {
                Close(draining[i].Connection, CloseCode.Draining);
                draining[i] = draining[^1];
                draining.RemoveAt(draining.Count - 1);
            }
        }
    }
}
