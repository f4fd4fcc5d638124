using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Gateway.Messages;

namespace Gateway.Benchmarks;

/// <summary>The shared frame of a live event: made once per event, whatever the number of subscribers.</summary>
internal sealed class FrameOperation(string name, bool includeUpdate) : Operation(name)
{
    private readonly LogEvent logEvent = Samples.Event(8123);
    private int kept;

    public override Task RunAsync()
    {
        for (int index = 0; index < PerRun; index++)
        {
            kept += WebSocketFraming.Instance.Event(new EncodedEvent(logEvent), includeUpdate).Length;
        }

        return Task.CompletedTask;
    }
}
