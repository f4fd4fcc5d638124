using Gateway.Messages;

namespace Gateway.Deliver.WebSocket;

/// <summary>What happens when nothing comes: credential deadline, pings, the wait for the peer's close.</summary>
internal sealed partial class SocketSession
{
    private volatile bool isDue;
    private bool isPeerAlive;
    private bool isAwaitingPong;
    private bool isAwaitingClose;

    // The wheel's links; only the wheel touches them, under its lock.
    internal int WheelSlot = -1;
    internal SocketSession? WheelNext;
    internal SocketSession? WheelPrevious;

    /// <summary>From the wheel's timer: wakes the loop, which does the rest.</summary>
    public void OnDue()
    {
        isDue = true;
        outlet.Input.CancelPendingRead();
    }

    /// <summary>After the wait for bytes was cancelled. True: the session is over.</summary>
    private async ValueTask<bool> WakeAsync()
    {
        var wasDue = isDue;
        isDue = false;
        if (outlet.IsClosing)
        {
            if (isAwaitingClose)
            {
                return wasDue;
            }
            isAwaitingClose = true;
            services.Wheel.Schedule(this, connection is null ? Limits.WebSocket.UnauthenticatedCloseWait : Limits.WebSocket.CloseWait);
            return false;
        }
        // Kestrel wakes the reader too, when it begins to stop; the hub closes the connections then.
        if (wasDue)
        {
            await OnTimeAsync();
        }
        return false;
    }

    private ValueTask OnTimeAsync()
    {
        if (connection is null)
        {
            outlet.Close(CloseCode.Unauthenticated);
            return default;
        }
        if (!isAwaitingPong)
        {
            isAwaitingPong = true;
            isPeerAlive = false;
            services.Wheel.Schedule(this, Limits.WebSocket.PongWait);
            return WriteAsync(SocketReplies.Ping);
        }
        if (isPeerAlive)
        {
            isAwaitingPong = false;
            services.Wheel.Schedule(this, Limits.WebSocket.PingInterval - Limits.WebSocket.PongWait);
            return default;
        }
        if (outlet.IsWriting)
        {
            // The ping has not reached the peer, which reads slowly: how long that may go on is the hub's to say.
            services.Wheel.Schedule(this, Limits.WebSocket.PongWait);
            return default;
        }
        Close(CloseCode.SlowConsumer);
        return default;
    }
}
