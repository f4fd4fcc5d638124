using System.Runtime.InteropServices;
using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>From the queues to the outlets: once per turn, everything that waits for a connection, up to one send's size.</summary>
internal sealed partial class HubShard
{
    private readonly ByteBuffer scratch = new(Limits.Deliver.SendBytes);
    private List<Connection> dirty = [];
    private List<Connection> flushing = [];
    private readonly List<Connection> held = [];
    private int sentEvents;

    private void MarkDirty(Connection connection)
    {
        if (!connection.IsDirty && connection.IsOpen)
        {
            connection.IsDirty = true;
            dirty.Add(connection);
        }
    }

    /// <returns>Whether some connection has more that could be sent at once.</returns>
    private bool FlushDirty()
    {
        if (dirty.Count == 0)
        {
            return false;
        }

        (flushing, dirty) = (dirty, flushing);
        foreach (var connection in CollectionsMarshal.AsSpan(flushing))
        {
            connection.IsDirty = false;
            if (connection.IsOpen && !connection.IsPending)
            {
                TryFlush(connection);
            }
        }

        flushing.Clear();
        if (sentEvents > 0)
        {
            DeliverTelemetry.Deliveries.Add(sentEvents);
            sentEvents = 0;
        }

        return dirty.Count > 0;
    }

    private void TryFlush(Connection connection)
    {
        try
        {
            Flush(connection);
        }
        catch (Exception e)
        {
            // Cut, or the same event would fail the same way at every turn; the client resumes and the others never notice.
            DeliverLog.FlushFailed(logger, e, connection.Principal.Id);
            Abort(connection, CloseCode.Draining);
        }
    }

    private void Flush(Connection connection)
    {
        if (EndOf(connection.Principal) is { } code)
        {
            // Held delivery goes on when permissions are current again, which may be before this shard is told whose streams have ended.
            Close(connection, code);
        }

        scratch.Clear();
        var (mayDeliver, eventsBefore) = (isCurrent(), sentEvents);
        // Before anything is let out: grants that shrink while this send is put together are then seen to have shrunk.
        connection.SentUnder = connection.Principal.Grants;
        var hasMore = false;
        if (FillFromQueue(connection, mayDeliver, out var single))
        {
            hasMore = true;
        }
        else if (single is null && mayDeliver)
        {
            hasMore = FillFromCatchUps(connection);
        }

        if (!mayDeliver && HasEventsWaiting(connection))
        {
            Hold(connection);
            if (!hasMore)
            {
                // Pings and pongs keep the connection open meanwhile; behind held events they would not be there in time.
                connection.ControlSent(connection.Queue.TakeOwn(scratch));
            }
        }

        Volatile.Write(ref connection.HasSentEvents, sentEvents > eventsBefore);
        if (connection.CheckRest() != RestStatus.Send)
        {
            // The process may have stood still between the two looks, and what was taken away meanwhile may be loaded already: what was put
            // together is let go, and read again by one that resumes.
            Abort(connection, CloseCode.CannotCheckNow);
            return;
        }

        var frames = single is not null ? single : scratch.Written;
        var status = frames.IsEmpty ? SendStatus.Sent : connection.Outlet.Send(frames);
        if (scratch.Length > Limits.Deliver.SendBytes)
        {
            scratch.Trim(Limits.Deliver.SendBytes);
        }

        switch (status)
        {
            case SendStatus.Pending:
                connection.IsPending = true;
                connection.PendingSince = time.GetTimestamp();
                pendingConnections++;
                break;
            case SendStatus.Closed:
                Remove(connection, CloseCode.Normal);
                break;
            case SendStatus.Sent when connection.IsClosing && connection.Queue.Count == 0:
                connection.Outlet.Close(connection.ClosingWith);
                Remove(connection, connection.ClosingWith);
                break;
            case SendStatus.Sent when hasMore:
                MarkDirty(connection);
                break;
        }
    }

    /// <param name="single">The one frame there is to send: sent from where it lies, without a copy.</param>
    /// <returns>Whether the send is full and the queue is not empty.</returns>
    private bool FillFromQueue(Connection connection, bool mayDeliver, out byte[]? single)
    {
        single = null;
        var isAlone = connection.Queue.Count == 1 && connection.Lag is null && !HasCatchUp(connection);
        while (connection.Queue.Count > 0)
        {
            var entry = connection.Queue.Peek();
            var encoded = entry.Item as EncodedEvent;
            if (encoded is not null && !mayDeliver)
            {
                return false;
            }

            if (encoded is not null && !MayRead(connection, encoded.Event))
            {
                connection.Queue.Pop();
                continue;
            }

            var frame = encoded is null ? (byte[])entry.Item : connection.Framing.Event(encoded, entry.IncludeUpdate);
            if (scratch.Length > 0 && scratch.Length + frame.Length > Limits.Deliver.SendBytes)
            {
                return true;
            }

            connection.Queue.Pop();
            NoteSent(connection, encoded, frame.Length);
            if (isAlone)
            {
                single = frame;
                return false;
            }

            scratch.Append(frame);
        }

        return false;
    }

    private void NoteSent(Connection connection, EncodedEvent? encoded, int frameBytes)
    {
        if (encoded is not null)
        {
            connection.LastSentSeq = encoded.Seq;
            sentEvents++;
        }
        else
        {
            connection.ControlSent(frameBytes);
        }
    }

    /// <param name="isOwn">The session's own frame, counted when it was written.</param>
    private void QueueControl(Connection connection, byte[] frame, bool isOwn = false)
    {
        if (!connection.IsOpen)
        {
            connection.ControlSent(isOwn ? frame.Length : 0);
        }
        else if (frame.Length > 0)
        {
            connection.ControlQueued(isOwn ? 0 : frame.Length);
            connection.Queue.Add(frame, isOwn);
            MarkDirty(connection);
        }
    }

    private void Writable(Connection connection)
    {
        if (connection.IsOpen && connection.IsPending)
        {
            connection.IsPending = false;
            pendingConnections--;
            MarkDirty(connection);
        }
    }

    /// <summary>Permissions are not known to be current: what waits stays, and a later tick looks again.</summary>
    private void Hold(Connection connection)
    {
        if (!connection.IsHeld)
        {
            connection.IsHeld = true;
            held.Add(connection);
        }
    }

    private static bool HasEventsWaiting(Connection connection) =>
        connection.Queue.HasEvents || connection.Lag is not null || HasCatchUp(connection);

    private static bool HasCatchUp(Connection connection)
    {
        for (var subscription = connection.FirstSubscription; subscription is not null; subscription = subscription.Next)
        {
            if (!subscription.IsLive)
            {
                return true;
            }
        }

        return false;
    }
}
