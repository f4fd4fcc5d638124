using System.Threading.Channels;
using Gateway.Messages;

namespace Gateway.Publish;

/// <summary>
/// The bus of one process: one publisher writes, one bus reader reads. The Redis bus of a deployment with replicas will stand beside
/// it; the reader's rules are made for that one and hold here too.
/// </summary>
internal sealed class InProcessBus
{
    private readonly Channel<BusMessage> channel = Channel.CreateBounded<BusMessage>(
        new BoundedChannelOptions(Limits.Publish.BusMessages) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly ByteRoom room = new(Limits.Publish.BusBytes);

    /// <summary>
    /// Waits while the reader is behind, by messages or by bytes: then the publish queue fills, and that is where payloads are let go.
    /// </summary>
    public async ValueTask PublishAsync(BusMessage message, CancellationToken cancellation)
    {
        await room.EnterAsync(BytesOf(message), cancellation);
        await channel.Writer.WriteAsync(message, cancellation);
    }

    /// <summary>Wakes the reader to look at its clock. Nothing is lost when the bus is full: then the reader is awake.</summary>
    public void Wake() => channel.Writer.TryWrite(default);

    /// <summary>Until there is something to take.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => channel.Reader.WaitToReadAsync(cancellation);

    public bool TryTake(out BusMessage message)
    {
        if (!channel.Reader.TryRead(out message))
        {
            return false;
        }

        room.Leave(BytesOf(message));
        return true;
    }

    private static long BytesOf(BusMessage message)
    {
        long bytes = 0;
        for (var i = 0; i < (message.Events?.Count ?? 0); i++)
        {
            bytes += message.Events![i].Payload.Length;
        }

        return bytes;
    }
}
