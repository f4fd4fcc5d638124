using Gateway.Deliver;
using Gateway.Messages;

namespace Gateway.Benchmarks;

/// <summary>The public event into a buffer that is used again, as catch-up does it.</summary>
internal sealed class EncodeOperation(string name, bool includeUpdate) : Operation(name)
{
    private readonly ByteBuffer buffer = new(Limits.Deliver.SendBytes);
    private readonly LogEvent logEvent = Samples.Event(8123);

    public override Task RunAsync()
    {
        for (int index = 0; index < PerRun; index++)
        {
            buffer.Clear();
            EventEncoder.Append(buffer, logEvent, includeUpdate, isLineSafe: false);
        }

        return Task.CompletedTask;
    }
}
