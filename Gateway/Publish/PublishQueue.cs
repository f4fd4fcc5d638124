using System.Threading.Channels;
using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Publish;

/// <param name="Events">In seq order; may be fewer than the head tells of, then the rest is read from the log.</param>
/// <param name="Head">The head after the commit that wrote them.</param>
/// <param name="RecoverFrom">The last head before this batch whose events were let go; null: nothing was.</param>
internal readonly record struct PublishBatch(LogEvent[] Events, LogHead Head, LogHead? RecoverFrom = null);

/// <summary>
/// The publisher's inbox. Offering never waits and never fails: when it is full the payloads are let go and only the highest
/// head is kept, because readers can fetch from the log whatever memory does not have (the one allowed drop, design section 4).
/// </summary>
internal sealed class PublishQueue
{
    private readonly Channel<PublishBatch> channel = Channel.CreateBounded<PublishBatch>(
        new BoundedChannelOptions(Limits.Publish.QueueBatches) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Lock gate = new();
    private long bytes;
    private LogHead head;
    private LogHead? dropped;

    /// <summary>The newest head that was offered, whether its events were kept or not.</summary>
    public LogHead Head
    {
        get
        {
            lock (gate) return head;
        }
    }

    public ChannelReader<PublishBatch> Reader => channel.Reader;

    public bool TryTake(out PublishBatch batch)
    {
        if (!channel.Reader.TryRead(out batch)) return false;
        var bytes = BytesOf(batch.Events);
        lock (gate) this.bytes -= bytes;
        return true;
    }

    public void Offer(LogEvent[] events, LogHead head)
    {
        var bytes = BytesOf(events);
        lock (gate)
        {
            // What was let go belongs before these events, so the batch that gets in takes its note along.
            this.head = head;
            if (this.bytes + bytes <= Limits.Publish.QueueBytes && channel.Writer.TryWrite(new PublishBatch(events, head, dropped)))
            {
                this.bytes += bytes;
                dropped = null;
            }
            else
            {
                dropped = head;
            }
        }
    }

    private static long BytesOf(LogEvent[] events)
    {
        long bytes = 0;
        foreach (var logEvent in events) bytes += logEvent.Payload.Length;
        return bytes;
    }

    /// <summary>What was let go with nothing queued behind it; the caller recovers it now.</summary>
    public LogHead? TakeDropped()
    {
        lock (gate)
        {
            var dropped = this.dropped;
            this.dropped = null;
            return dropped;
        }
    }
}
