using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Gateway.Http;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// The ways out of a WebSocket have this in common: what the transport does not take at once is copied, finished in the
/// background and reported, and nothing else is written meanwhile. A close that is asked for in that time follows the remainder, so
/// that a slow peer that reads again finds out why it was let go.
/// </summary>
internal abstract class FrameOutlet(PipeReader input) : IOutlet
{
    private const int Idle = 0;
    private const int Writing = 1;
    private const int WritingLast = 2;
    private const int Ended = 3;

    private Connection? connection;
    private int state;
    private CloseCode lastCode;
    private volatile bool isClosing;
    private volatile bool isLastOnItsWay;

    /// <summary>The peer's bytes, after the handshake. Only the session reads it; the outlet wakes the session through it.</summary>
    public PipeReader Input { get; } = input;

    /// <summary>The shard has closed the connection: nothing of it is sent after this but the close frame.</summary>
    public bool IsClosing => isClosing;

    /// <summary>The transport has something left that the peer does not take.</summary>
    public bool IsWriting => Volatile.Read(ref state) is Writing or WritingLast;

    /// <summary>
    /// Nothing more leaves: the close frame has, or the peer is gone. Not the same as closing and not writing: a close frame that the
    /// shard is just sending is neither, and a session that ended then would take the way from under it.
    /// </summary>
    public bool HasEnded => Volatile.Read(ref state) == Ended;

    /// <summary>Who is told about what happens in the background. Set before the shard knows the outlet.</summary>
    public void Attach(Connection owner) => connection = owner;

    public SendStatus Send(ReadOnlySpan<byte> frames)
    {
        if (Volatile.Read(ref state) != Idle)
        {
            return SendStatus.Closed;
        }
        var sent = TrySend(frames);
        if (sent == frames.Length)
        {
            return SendStatus.Sent;
        }
        if (sent < 0)
        {
            Volatile.Write(ref state, Ended);
            return SendStatus.Closed;
        }
        var rest = frames[sent..];
        var buffer = ArrayPool<byte>.Shared.Rent(rest.Length);
        rest.CopyTo(buffer);
        Volatile.Write(ref state, Writing);
        return StartWriting(buffer, rest.Length);
    }

    public void Close(CloseCode code)
    {
        lastCode = code;
        isClosing = true;
        if (Interlocked.CompareExchange(ref state, WritingLast, Writing) == Idle)
        {
            SendLast();
        }
        Input.CancelPendingRead();
    }

    public void Abort()
    {
        Volatile.Write(ref state, Ended);
        isClosing = true;
        Cut();
    }

    /// <summary>Ends what is below after the session: orderly, as far as the peer goes along.</summary>
    public abstract ValueTask EndAsync();

    /// <summary>A bug, or something in the transport that is not the peer's going: for the session to tell.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Bytes that the transport took without waiting; negative when the peer is gone.</summary>
    protected abstract int TrySend(ReadOnlySpan<byte> frames);

    /// <summary>For <see cref="OutputGate"/>: what is on its way is the peer's still, or nothing is but the close frame.</summary>
    /// <param name="isOnItsWay">Whether something is that was given to <see cref="WriteAsync"/>.</param>
    protected RestStatus CheckRest(bool isOnItsWay) =>
        isOnItsWay && !isLastOnItsWay && connection is { } owner ? owner.CheckRest() : RestStatus.Send;

    /// <summary>
    /// Before the rest of a send goes on: waits while permissions are not known. False: it must not leave, because something in it may not be read
    /// any more, or because everything has ended.
    /// </summary>
    protected async ValueTask<bool> MaySendRestAsync()
    {
        while (connection is { } owner)
        {
            var status = owner.CheckRest();
            if (status != RestStatus.Hold || IsOver || HasEnded)
            {
                return status == RestStatus.Send;
            }
            await owner.WaitForTickAsync();
        }
        return true;
    }

    /// <summary>The session is over: nothing waits any longer.</summary>
    protected bool IsOver { get; set; }

    /// <summary>Takes all bytes, waiting as long as it must.</summary>
    protected abstract ValueTask WriteAsync(ReadOnlyMemory<byte> frames);

    protected abstract void Cut();

    private SendStatus StartWriting(byte[] buffer, int length)
    {
        var writing = WriteOutAsync(buffer, length);
        if (!writing.IsCompleted)
        {
            _ = ReportAsync(writing);
            return SendStatus.Pending;
        }
        if (!writing.Result)
        {
            Volatile.Write(ref state, Ended);
            return SendStatus.Closed;
        }
        Volatile.Write(ref state, Idle);
        return SendStatus.Sent;
    }

    private async ValueTask<bool> WriteOutAsync(byte[] buffer, int length)
    {
        try
        {
            await WriteAsync(buffer.AsMemory(0, length));
            return true;
        }
        catch (Exception failure) when (IsPeerGone(failure))
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task ReportAsync(ValueTask<bool> writing)
    {
        if (!await SucceedsAsync(writing))
        {
            Volatile.Write(ref state, Ended);
            NotifyGone();
            return;
        }
        if (isLastOnItsWay)
        {
            // That was the close frame itself. (Not asked of isClosing: Close may come right here, and its frame would be forgotten.)
            Volatile.Write(ref state, Ended);
            Input.CancelPendingRead();
            return;
        }
        if (Interlocked.CompareExchange(ref state, Idle, Writing) == Writing)
        {
            connection?.OnWritable();
            return;
        }
        // Close came meanwhile. After Abort (Ended) there is nothing to send it to.
        if (Volatile.Read(ref state) == WritingLast)
        {
            SendLast();
            Input.CancelPendingRead();
        }
    }

    private async ValueTask<bool> SucceedsAsync(ValueTask<bool> writing)
    {
        try
        {
            return await writing;
        }
        catch (Exception failure)
        {
            // Nobody awaits a report: what is not noted here would leave the stream waiting for a write that is over.
            Failure = failure;
            Cut();
            return false;
        }
    }

    private void NotifyGone()
    {
        if (!isClosing)
        {
            connection?.OnGone();
        }
        Input.CancelPendingRead();
    }

    private void SendLast()
    {
        Span<byte> frame = stackalloc byte[FrameWriter.CloseBytes];
        FrameWriter.WriteClose(frame, lastCode);
        isLastOnItsWay = true;
        Volatile.Write(ref state, Idle);
        var status = Send(frame);
        if (status == SendStatus.Sent)
        {
            Volatile.Write(ref state, Ended);
        }
    }

    /// <summary>What transports throw when the other side went away, or this side cut it.</summary>
    internal static bool IsPeerGone(Exception failure) =>
        failure is IOException or SocketException or OperationCanceledException or ObjectDisposedException;
}
