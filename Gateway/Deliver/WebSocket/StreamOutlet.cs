using System.IO.Pipelines;
using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// Writes into a stream of Kestrel's: an upgrade's, over TLS or on a connection that it has written to before, or one of an HTTP/2
/// connection. On HTTP/1.1 most sends reach the kernel within the call here as well (<see cref="ConnectionOutput"/>). Kestrel
/// clears a request's objects when the handler has returned and uses them again for the connection's next one, while the shard may
/// not have heard of the end yet: a write would throw or reach the other request. So there is a moment from which nothing passes.
/// </summary>
internal sealed class StreamOutlet : FrameOutlet
{
    /// <summary>A read of zero bytes waits for data before a buffer is taken: an idle socket holds none.</summary>
    private static readonly StreamPipeReaderOptions IdleReads = new(useZeroByteReads: true, leaveOpen: true);

    private readonly Lock gate = new();
    private readonly Stream stream;
    private readonly HttpContext context;
    private readonly OutputGate? output;
    private readonly Func<RestStatus> guard;
    private volatile Task last = Task.CompletedTask;
    private bool hasEnded;
    private bool hasReturned;

    public StreamOutlet(Stream stream, HttpContext context)
        : base(PipeReader.Create(stream, IdleReads))
    {
        this.stream = stream;
        this.context = context;
        // Not of the state alone: over HTTP/2 what was framed leaves after the stream was cut as well.
        guard = () => CheckRest(IsWriting || !last.IsCompleted);
        output = OutputGate.Of(context);
        output?.Add(guard);
    }

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
            // The peer does not take it. Kestrel would wait for that; on HTTP/2 the other streams are not concerned.
            Cut();
        }
        await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        output?.Remove(guard);
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

    /// <summary>Ends an upgraded connection; on HTTP/2 resets the stream and not the connection.</summary>
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
