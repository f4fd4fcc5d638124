using System.Collections.Concurrent;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// One loop and the connections it owns. A turn takes what was asked, matches what arrived, and then gives every connection that has
/// something all of it in one send; nothing waits for company. This file is the inbox and the loop; matching, sending, catch-up and
/// housekeeping are in files of their own.
/// </summary>
internal sealed partial class HubShard
{
    private readonly ConcurrentQueue<ShardCommand> commands = new();
    private readonly ConcurrentQueue<EventBatch> batches = new();
    private readonly SemaphoreSlim batchRoom = new(Limits.Deliver.ShardBatches);
    private readonly AsyncSignal signal = new();
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly RecentEvents recent;
    private readonly CatchUpReader reader;
    private readonly Func<bool> isCurrent;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ILogger logger;

    // Written by the loop, read by Hub.Position: one reference, so that log id and seq are never of two different moments.
    private volatile PublishedPosition? published;
    private string logId = "";
    private long seq;

    public HubShard(RecentEvents recent, CatchUpReader reader, Func<bool> isCurrent, TimeProvider time, Random random, ILogger logger)
    {
        this.recent = recent;
        this.reader = reader;
        this.isCurrent = isCurrent;
        this.time = time;
        this.random = random;
        this.logger = logger;
    }

    public LogPosition? Published => published?.Position;

    /// <summary>For metrics: read while the loop changes it.</summary>
    public int ConnectionCount => connections.Count;

    /// <summary>Completes after a drain, when the last connection is gone.</summary>
    public Task Drained => drained.Task;

    public void Post(in ShardCommand command)
    {
        commands.Enqueue(command);
        signal.Set();
    }

    public async ValueTask OfferAsync(EventBatch batch, CancellationToken cancellation)
    {
        await batchRoom.WaitAsync(cancellation);
        batches.Enqueue(batch);
        signal.Set();
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var timer = time.CreateTimer(_ => PostTick(), null, Limits.Deliver.Tick, Limits.Deliver.Tick);
        await using var stop = cancellation.Register(signal.Set);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (!Turn())
                {
                    await signal.WaitAsync();
                }
            }
            catch (Exception e)
            {
                // A bug met with one connection or event must not end the streams of all others.
                DeliverLog.TurnFailed(logger, e);
            }
        }

        AbortAll();
    }

    /// <returns>Whether there may be more to do at once.</returns>
    private bool Turn()
    {
        var worked = false;
        while (commands.TryDequeue(out var command))
        {
            Execute(command);
            worked = true;
        }

        for (var events = 0; events < Limits.Deliver.TurnEvents && batches.TryDequeue(out var batch);)
        {
            batchRoom.Release();
            Process(batch);
            events += batch.Events.Length;
            worked = true;
        }

        return FlushDirty() || worked;
    }

    private void Execute(in ShardCommand command)
    {
        var connection = command.Connection;
        switch (command.Kind)
        {
            case ShardCommandKind.Open:
                Open(connection!);
                break;
            case ShardCommandKind.Subscribe:
                Subscribe(connection!, (SubscriptionOrder)command.State!);
                break;
            case ShardCommandKind.Unsubscribe:
                Unsubscribe(connection!, (Unsubscription)command.State!);
                break;
            case ShardCommandKind.Control:
                QueueControl(connection!, (byte[])command.State!, isCounted: true);
                break;
            case ShardCommandKind.Writable:
                Writable(connection!);
                break;
            case ShardCommandKind.Gone:
                Remove(connection!, CloseCode.Normal);
                break;
            case ShardCommandKind.Close:
                Close(connection!, (CloseCode)command.Code);
                break;
            case ShardCommandKind.Page:
                TakePage((CatchUpPage)command.State!);
                break;
            case ShardCommandKind.AccessChanged:
                CheckAccess(connection);
                break;
            case ShardCommandKind.Tick:
                Tick();
                break;
            case ShardCommandKind.Drain:
                Drain();
                break;
        }
    }

    private sealed record PublishedPosition(LogPosition Position);
}
