namespace Gateway.Deliver.WebSocket;

/// <summary>
/// One timer for all sockets: pings, pong deadlines, the wait for a credential or for the peer's close. A timer of its own costs each
/// socket about 200 bytes and the runtime's queue a lock; here a socket is in one slot's list, linked through itself.
/// A session is called when its time is over, up to one turn late.
/// </summary>
internal sealed class SessionWheel : IDisposable
{
    /// <summary>One more than the longest wait in turns, so that a slot's sessions are all due at once.</summary>
    private const int Slots = 64;

    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly SocketSession?[] slots = new SocketSession?[Slots];
    private readonly ITimer timer;
    private int current;

    public SessionWheel(TimeProvider time) => timer = time.CreateTimer(static wheel => ((SessionWheel)wheel!).Advance(), this, Turn, Turn);

    /// <summary>Calls the session's <see cref="SocketSession.OnDue"/> after this time, instead of at any time asked for before.</summary>
    public void Schedule(SocketSession session, TimeSpan after)
    {
        var turns = Math.Clamp((int)Math.Ceiling(after / Turn), 1, Slots - 1);
        lock (gate)
        {
            Unlink(session);
            Link(session, (current + turns) % Slots);
        }
    }

    public void Remove(SocketSession session)
    {
        lock (gate)
        {
            Unlink(session);
        }
    }

    public void Dispose() => timer.Dispose();

    private void Advance()
    {
        lock (gate)
        {
            current = (current + 1) % Slots;
            while (slots[current] is { } session)
            {
                Unlink(session);
                session.OnDue();
            }
        }
    }

    private void Link(SocketSession session, int slot)
    {
        session.WheelSlot = slot;
        session.WheelNext = slots[slot];
        if (session.WheelNext is { } next)
        {
            next.WheelPrevious = session;
        }
        slots[slot] = session;
    }

    private void Unlink(SocketSession session)
    {
        if (session.WheelSlot < 0)
        {
            return;
        }
        if (session.WheelPrevious is { } previous)
        {
            previous.WheelNext = session.WheelNext;
        }
        else
        {
            slots[session.WheelSlot] = session.WheelNext;
        }
        if (session.WheelNext is { } next)
        {
            next.WheelPrevious = session.WheelPrevious;
        }
        session.WheelSlot = -1;
        session.WheelPrevious = null;
        session.WheelNext = null;
    }
}
