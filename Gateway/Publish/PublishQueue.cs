using System.Threading.Channels;
using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Publish;

/// <param name="Events">In seq order; may be fewer than the head tells of, then the rest is read from the log.</param>
/// <param name="Head">The head after the commit that wrote them.</param>
internal readonly record struct PublishBatch(LogEvent[] Events, LogHead Head);

/// <summary>
/// The publisher's inbox. Offering never waits and never fails: when it is full the payloads are let go and only the highest
/// head is kept, because readers can fetch from the log whatever memory does not have (the one allowed drop, design section 4).
/// </summary>
internal sealed class PublishQueue
{
    private readonly Channel<PublishBatch> _channel = Channel.CreateBounded<PublishBatch>(
        new BoundedChannelOptions(Limits.Publish.QueueBatches) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private LogHead _head;
    private readonly Lock _lock = new();

    /// <summary>The newest head that was offered, whether its events were kept or not.</summary>
    public LogHead Head
    {
        get
        {
            lock (_lock) return _head;
        }
    }

    public ChannelReader<PublishBatch> Reader => _channel.Reader;

    public void Offer(LogEvent[] events, LogHead head)
    {
        lock (_lock) _head = head;
        _channel.Writer.TryWrite(new PublishBatch(events, head));
    }
}
