using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// Writes into the stream of an ordinary upgrade, for TLS and for connections that Kestrel has written to before. Kestrel takes
/// bytes at once until its output buffer is full, so most sends complete without a wait here as well.
/// </summary>
internal sealed class StreamOutlet(Stream stream, IConnectionLifetimeFeature lifetime)
    : FrameOutlet(PipeReader.Create(stream, IdleReads))
{
    /// <summary>A read of zero bytes waits for data before a buffer is taken: an idle socket holds none.</summary>
    internal static readonly StreamPipeReaderOptions IdleReads = new(useZeroByteReads: true, leaveOpen: true);

    /// <summary>Kestrel ends the connection in order when the handler returns, but not while a write waits for the peer.</summary>
    public override ValueTask EndAsync()
    {
        if (IsWriting)
        {
            Cut();
        }
        return Input.CompleteAsync();
    }

    /// <summary>Nothing without going through the stream.</summary>
    protected override int TrySend(ReadOnlySpan<byte> frames) => 0;

    protected override ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => stream.WriteAsync(frames);

    protected override void Cut() => lifetime.Abort();
}
