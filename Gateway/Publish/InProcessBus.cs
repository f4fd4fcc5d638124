using System.Threading.Channels;
using Gateway.Messages;

namespace Gateway.Publish;

/// <summary>
/// The bus of one process: the publisher writes, the bus reader reads. The Redis bus of a deployment with replicas will stand beside
/// it; the reader's rules are made for that one and hold here too.
/// </summary>
internal sealed class InProcessBus
{
    private readonly Channel<BusMessage> channel = Channel.CreateBounded<BusMessage>(
        new BoundedChannelOptions(Limits.Publish.BusMessages) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    public ChannelReader<BusMessage> Reader => channel.Reader;

    /// <summary>Waits while the reader is behind: then the publish queue fills, and that is where payloads are let go.</summary>
    public ValueTask PublishAsync(BusMessage message, CancellationToken cancellation) => channel.Writer.WriteAsync(message, cancellation);

    /// <summary>Wakes the reader to look at its clock. Nothing is lost when the bus is full: then the reader is awake.</summary>
    public void Wake() => channel.Writer.TryWrite(default);
}
