using System.Threading.Channels;
using Gateway.Messages;

namespace Gateway.Telemetry;

/// <summary>
/// Writes log lines to a stream, from one loop behind a bounded queue: a terminal or collector that stops reading must never stop the stage
/// that logs. What does not fit is dropped and counted, and the count is written when there is room again.
/// </summary>
internal sealed class LogSink : IAsyncDisposable
{
    private readonly Channel<byte[]> queue = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(Limits.Telemetry.LogQueueLines) { SingleReader = true });

    private readonly Stream target;
    private readonly TimeProvider time;
    private readonly Task loop;
    private long droppedLines;

    public LogSink(Stream target, TimeProvider time)
    {
        this.target = target;
        this.time = time;
        loop = Task.Run(RunAsync);
    }

    public void Write(byte[] line)
    {
        if (!queue.Writer.TryWrite(line)) Interlocked.Increment(ref droppedLines);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        // A reader that is stuck must not keep the process from ending.
        await Task.WhenAny(loop, Task.Delay(Limits.Telemetry.LogFlush, time));
    }

    private async Task RunAsync()
    {
        await foreach (var line in queue.Reader.ReadAllAsync())
        {
            try
            {
                await target.WriteAsync(line);
                var dropped = Interlocked.Exchange(ref droppedLines, 0);
                if (dropped > 0) await target.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"({dropped} log lines were dropped: the log's reader is too slow)\n"));
                await target.FlushAsync();
            }
            catch (IOException)
            {
                // The reader of our output is gone. There is nowhere left to say so, and that is no reason to stop serving.
                Interlocked.Increment(ref droppedLines);
            }
        }
    }
}
