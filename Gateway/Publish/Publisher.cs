using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Publish;

/// <summary>
/// Follows what this process commits, in seq order, by a watermark: what is in memory it sends; what the full queue let go it reads from
/// the log. Commits of other processes are theirs to publish; a reader that misses them fills the gap itself.
/// </summary>
internal sealed class Publisher(PublishQueue queue, InProcessBus bus, ILogStore store, TimeProvider time, ILogger logger)
{
    private LogHead watermark;

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (await queue.Reader.WaitToReadAsync(cancellation))
            {
                await PublishQueuedAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
    }

    private async ValueTask PublishQueuedAsync(CancellationToken cancellation)
    {
        while (queue.TryTake(out var batch))
        {
            await RecoverAsync(batch.RecoverFrom, cancellation);
            await SendAsync(new BusMessage(batch.Events, batch.Head), cancellation);
            PublishTelemetry.Events.Add(batch.Events.Length);
        }

        // The last offers may have found the queue full, and nothing came after them.
        await RecoverAsync(queue.TakeDropped(), cancellation);
    }

    /// <summary>Reads what was let go and publishes it, however long the database stays away: nothing later may overtake it.</summary>
    private async ValueTask RecoverAsync(LogHead? dropped, CancellationToken cancellation)
    {
        if (dropped is not { } head)
        {
            return;
        }

        PublishTelemetry.Recoveries.Add(1);
        while (watermark.LogId == head.LogId && watermark.Seq < head.Seq)
        {
            var page = await ReadAsync(new LogQuery(watermark.Seq) { ThroughSeq = head.Seq }, cancellation);
            if (page is not null && page.Head.LogId != head.LogId)
            {
                // What was let go belongs to a log that is no more; the reader finds the new one by itself.
                return;
            }

            if (page is not null && page.ThroughSeq > watermark.Seq)
            {
                await SendAsync(new BusMessage(page.Events, head with { Seq = page.ThroughSeq }), cancellation);
            }
            else
            {
                await Task.Delay(Limits.Publish.Poll, time, cancellation);
            }
        }
    }

    private async ValueTask<LogPage?> ReadAsync(LogQuery query, CancellationToken cancellation)
    {
        try
        {
            return await store.ReadPageAsync(query, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            PublishLog.ReadFailed(logger, e);
            return null;
        }
    }

    private async ValueTask SendAsync(BusMessage message, CancellationToken cancellation)
    {
        await bus.PublishAsync(message, cancellation);
        watermark = message.Head;
    }
}
