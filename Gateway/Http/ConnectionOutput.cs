using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Http;

/// <summary>
/// The last stretch of everything that is sent, below TLS: straight into the socket, on the thread that flushed, in place of the server's own
/// output buffer. That one takes 64 KiB, answers "done", and lets them go when the peer reads again, whatever was revoked meanwhile; here a flush is
/// done when the kernel has the bytes, and whose they are is asked before they go (law L7). Without streams on the connection it asks nobody.
/// </summary>
internal sealed class ConnectionOutput
{
    [ThreadStatic]
    private static List<ArraySegment<byte>>? segments;

    private readonly ConnectionContext connection;
    private readonly Socket socket;
    private readonly IDuplexPipe transport;
    private readonly OutputGate gate;
    private readonly Pipe pipe;

    private ConnectionOutput(ConnectionContext connection, Socket socket, TimeProvider time)
    {
        this.connection = connection;
        this.socket = socket;
        transport = connection.Transport;
        gate = new OutputGate(time);
        // A reader that runs inside the flush, and a flush that waits for its last byte.
        pipe = new Pipe(new PipeOptions(
            connection.Features.Get<IMemoryPoolFeature>()?.MemoryPool, PipeScheduler.Inline, PipeScheduler.ThreadPool,
            pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
    }

    /// <summary>For a listener, before TLS is added to it.</summary>
    public static Func<ConnectionDelegate, ConnectionDelegate> Layer(TimeProvider time) => next => connection =>
        connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket
            ? new ConnectionOutput(connection, socket, time).RunAsync(next)
            : next(connection);

    private async Task RunAsync(ConnectionDelegate next)
    {
        // A send takes what the kernel has room for and never waits.
        socket.Blocking = false;
        connection.Features.Set(gate);
        connection.Transport = new Duplex(transport.Input, pipe.Writer);
        var sending = SendAsync();
        try
        {
            await next(connection);
        }
        finally
        {
            await pipe.Writer.CompleteAsync();
            await sending;
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var read = await pipe.Reader.ReadAsync();
                if (!read.Buffer.IsEmpty && !await SendAllAsync(read.Buffer))
                {
                    // With a reset: what the kernel still holds for the peer is let go as well.
                    connection.Abort(new ConnectionAbortedException("The rest may not leave, or the peer is gone."));
                    return;
                }

                pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        finally
        {
            // Ends flushes that wait, and lets the transport end the connection behind the last byte.
            await pipe.Reader.CompleteAsync();
            await transport.Output.CompleteAsync();
        }
    }

    /// <returns>False: the peer is gone, or the rest must not leave.</returns>
    private async ValueTask<bool> SendAllAsync(ReadOnlySequence<byte> rest)
    {
        while (!gate.IsGuarded || await gate.MayLeaveAsync(connection.ConnectionClosed))
        {
            var sent = TrySend(rest);
            if (sent < 0)
            {
                return false;
            }

            rest = rest.Slice(sent);
            if (rest.IsEmpty)
            {
                return true;
            }

            // A wait for room cannot be taken back, and its bytes leave when there is some, even if this process has just been woken. So one byte
            // waits where somebody has a say, and the others go after another look.
            sent = await WaitAsync(gate.IsGuarded ? rest.First[..1] : rest.First);
            if (sent < 0)
            {
                return false;
            }

            rest = rest.Slice(sent);
            if (rest.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>What the kernel took; negative when the peer is gone.</returns>
    private int TrySend(ReadOnlySequence<byte> bytes)
    {
        try
        {
            SocketError error;
            var sent = bytes.IsSingleSegment
                ? socket.Send(bytes.FirstSpan, SocketFlags.None, out error)
                : socket.Send(Gather(bytes), SocketFlags.None, out error);
            return error is SocketError.Success or SocketError.WouldBlock ? sent : -1;
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
        finally
        {
            segments?.Clear();
        }
    }

    /// <returns>Negative when the peer is gone.</returns>
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

    private static List<ArraySegment<byte>> Gather(ReadOnlySequence<byte> bytes)
    {
        var list = segments ??= [];
        foreach (var memory in bytes)
        {
            // The server's pool and the pipe's own buffers are arrays.
            if (MemoryMarshal.TryGetArray(memory, out var segment))
            {
                list.Add(segment);
            }
        }

        return list;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
