using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// Writes straight to the socket, past Kestrel's pipe and its send loop: one system call on the shard's own thread, no copy, no
/// wake-up. Allowed only where nobody else writes (<see cref="Takeover"/>). Kestrel goes on receiving, so bytes of the
/// peer come through its input pipe, which holds no memory while nothing comes.
/// </summary>
internal sealed class SocketOutlet(Socket socket, IDuplexPipe transport, IConnectionLifetimeFeature lifetime)
    : FrameOutlet(transport.Input)
{
    public override async ValueTask EndAsync()
    {
        IsOver = true;
        // Completing the empty output makes the transport send a FIN behind what the kernel still holds; an abort would send a
        // reset and throw that away, the close frame included. The input ends when that is done.
        await transport.Output.CompleteAsync();
        try
        {
            while (true)
            {
                var read = await Input.ReadAsync();
                Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception failure) when (IsPeerGone(failure))
        {
            return;
        }
    }

    protected override int TrySend(ReadOnlySpan<byte> frames)
    {
        try
        {
            var sent = socket.Send(frames, SocketFlags.None, out var error);
            return error is SocketError.Success or SocketError.WouldBlock ? sent : -1;
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
    }

    /// <summary>
    /// A wait for room cannot be taken back, and its bytes leave when there is some, whatever was revoked meanwhile and even if this process has just
    /// been woken. So one byte waits, and the others go after another look.
    /// </summary>
    protected override async ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        while (!frames.IsEmpty)
        {
            frames = frames[await socket.SendAsync(frames[..1], SocketFlags.None)..];
            if (frames.IsEmpty)
            {
                return;
            }
            var sent = await MaySendRestAsync() ? TrySend(frames.Span) : -1;
            if (sent < 0)
            {
                Cut();
                throw new IOException("The rest may not leave, or the peer is gone.");
            }
            frames = frames[sent..];
        }
    }

    protected override void Cut() => lifetime.Abort();
}
