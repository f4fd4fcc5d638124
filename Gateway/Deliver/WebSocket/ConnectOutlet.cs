using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// Writes into one stream of an HTTP/2 connection. Kestrel uses the objects of a stream again for the connection's next request: a shard
/// that writes, or cuts, after the handler has returned would do it to that one. So there is a moment from which nothing passes.
/// </summary>
internal sealed class ConnectOutlet(Stream stream, HttpContext context) : FrameOutlet(PipeReader.Create(stream, StreamOutlet.IdleReads))
{
    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;
    private bool hasEnded;
    private bool hasReturned;

    public override async ValueTask EndAsync()
    {
        Task pending;
        lock (gate)
        {
            hasEnded = true;
            pending = last;
        }
        if (!pending.IsCompleted)
        {
            // The peer does not take it; the other streams of the connection are not concerned.
            Cut();
        }
        await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Input.CompleteAsync();
        lock (gate)
        {
            hasReturned = true;
        }
    }

    /// <summary>Nothing without going through the stream.</summary>
    protected override int TrySend(ReadOnlySpan<byte> frames) => 0;

    protected override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        lock (gate)
        {
            if (hasEnded)
            {
                return ValueTask.FromException(new IOException("The session has ended."));
            }
            var writing = stream.WriteAsync(frames);
            if (writing.IsCompleted)
            {
                return writing;
            }
            last = writing.AsTask();
            return new ValueTask(last);
        }
    }

    /// <summary>Resets the stream, not the connection.</summary>
    protected override void Cut()
    {
        lock (gate)
        {
            if (!hasReturned)
            {
                context.Abort();
            }
        }
    }
}
