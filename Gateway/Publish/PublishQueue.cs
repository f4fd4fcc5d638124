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
    private readonly Channel<PublishBatch> _channel = Channel.CreateBounded<PublishBatch>(
        new BoundedChannelOptions(Limits.Publish.QueueBatches) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Lock _lock = new();
    private long _bytes;
    private LogHead _head;
    private LogHead? _dropped;

    /// <summary>The newest head that was offered, whether its events were kept or not.</summary>
    public LogHead Head
    {
        get
        {
            lock (_lock) return _head;
        }
    }

    public ChannelReader<PublishBatch> Reader => _channel.Reader;

    public bool TryTake(out PublishBatch batch)
    {
        if (!_channel.Reader.TryRead(out batch)) return false;
        var bytes = BytesOf(batch.Events);
        lock (_lock) _bytes -= bytes;
        return true;
    }

    public void Offer(LogEvent[] events, LogHead head)
    {
        var bytes = BytesOf(events);
        lock (_lock)
        {
            // What was let go belongs before these events, so the batch that gets in takes its note along.
            _head = head;
            if (_bytes + bytes <= Limits.Publish.QueueBytes && _channel.Writer.TryWrite(new PublishBatch(events, head, _dropped)))
            {
                _bytes += bytes;
                _dropped = null;
            }
            else
            {
                _dropped = head;
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
        lock (_lock)
        {
            var dropped = _dropped;
            _dropped = null;
            return dropped;
        }
    }
}
