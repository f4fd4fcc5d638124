using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Http;

/// <summary>
/// The last stretch of everything that is sent, below TLS: straight into the socket, on the thread that flushed, in place of the server's own
/// output buffer. That one takes 64 KiB, answers "done", and lets them go when the peer reads again, whatever was revoked meanwhile; here a flush is
/// done when the kernel has the bytes, and whose they are is asked before they go (law L7). Without streams on the connection it asks nobody.
/// As with any pipe, one at a time writes; it may go on while a flush waits. An idle connection holds no buffer.
/// </summary>
internal sealed class ConnectionOutput : PipeWriter, IDuplexPipe
{
    private const int LeastBytes = 4096;

    private readonly ConnectionContext connection;
    private readonly Socket socket;
    private readonly IDuplexPipe transport;
    private readonly OutputGate gate;
    private byte[] buffer = [];
    private int unflushedBytes;
    private Task<FlushResult>? last;
    private volatile bool hasEnded;

    private ConnectionOutput(ConnectionContext connection, Socket socket, TimeProvider time)
    {
        this.connection = connection;
        this.socket = socket;
        transport = connection.Transport;
        gate = new OutputGate(time);
        connection.Features.Set(gate);
    }

    public PipeReader Input => transport.Input;

    public PipeWriter Output => this;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => unflushedBytes;

    /// <summary>For a listener, before TLS is added to it.</summary>
    public static Func<ConnectionDelegate, ConnectionDelegate> Layer(TimeProvider time) => next => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && TryUnblock(socket))
        {
            connection.Transport = new ConnectionOutput(connection, socket, time);
        }

        return next(connection);
    };

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsMemory(unflushedBytes);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsSpan(unflushedBytes);
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(buffer.Length - unflushedBytes), nameof(bytes));
        unflushedBytes += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var (taken, count) = (buffer, unflushedBytes);
        (buffer, unflushedBytes) = ([], 0);
        var isWaiting = last is { IsCompleted: false };
        if (isWaiting || (count > 0 && !hasEnded))
        {
            var sent = isWaiting || !gate.MayLeave ? 0 : TrySend(taken.AsSpan(0, count));
            if (isWaiting || sent < count)
            {
                return new ValueTask<FlushResult>(last = FinishAsync(isWaiting ? last : null, taken, sent, count));
            }
        }

        Return(taken);
        return new ValueTask<FlushResult>(Result);
    }

    /// <summary>Nothing here can be given up: a flush ends when its bytes have left, or with the connection. The server cancels none of its transport's.</summary>
    public override void CancelPendingFlush()
    {
    }

    /// <summary>The transport ends the connection behind the last byte.</summary>
    public override void Complete(Exception? exception = null)
    {
        var flush = FlushAsync();
        if (flush.IsCompleted)
        {
            transport.Output.Complete(exception);
        }
        else
        {
            _ = flush.AsTask().ContinueWith(
                _ => transport.Output.Complete(exception), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private FlushResult Result => new(isCanceled: false, isCompleted: hasEnded);

    private void Reserve(int sizeHint)
    {
        var needed = unflushedBytes + Math.Max(sizeHint, 1);
        if (needed <= buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(LeastBytes, buffer.Length * 2)));
        buffer.AsSpan(0, unflushedBytes).CopyTo(larger);
        Return(buffer);
        buffer = larger;
    }

    /// <summary>A send takes what the kernel has room for and never waits. False: the peer is gone already, and nothing will be sent.</summary>
    private static bool TryUnblock(Socket socket)
    {
        try
        {
            socket.Blocking = false;
            return true;
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static void Return(byte[] array)
    {
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    private async Task<FlushResult> FinishAsync(Task? before, byte[] taken, int sent, int count)
    {
        try
        {
            if (before is not null)
            {
                await before;
            }

            if (!hasEnded && !await SendAllAsync(taken, sent, count))
            {
                hasEnded = true;
                // With a reset: what the kernel still holds for the peer is let go as well.
                connection.Abort(new ConnectionAbortedException("The rest may not leave, or the peer is gone."));
            }

            return Result;
        }
        finally
        {
            Return(taken);
        }
    }

    /// <returns>False: the peer is gone, or the rest must not leave.</returns>
    private async ValueTask<bool> SendAllAsync(byte[] taken, int sent, int count)
    {
        while (sent >= 0 && await gate.MayLeaveAsync(connection.ConnectionClosed))
        {
            var more = TrySend(taken.AsSpan(sent, count - sent));
            if (more < 0 || (sent += more) == count)
            {
                return more >= 0;
            }

            // A wait for room cannot be taken back, and its bytes leave when there is some, even if this process has just been woken. So one byte
            // waits where somebody has a say, and the others go after another look.
            more = await WaitAsync(taken.AsMemory(sent, gate.IsGuarded ? 1 : count - sent));
            if (more < 0 || (sent += more) == count)
            {
                return more >= 0;
            }
        }

        return false;
    }

    /// <returns>What the kernel took at once; negative when the peer is gone.</returns>
    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var sent = socket.Send(bytes, SocketFlags.None, out var error);
            return error is SocketError.Success or SocketError.WouldBlock ? sent : -1;
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
    }

    /// <returns>What the kernel took; negative when the peer is gone.</returns>
    private async ValueTask<int> WaitAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return await socket.SendAsync(bytes, SocketFlags.None);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            return -1;
        }
    }
}
