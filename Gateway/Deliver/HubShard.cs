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
    private readonly ByteRoom byteRoom = new(Limits.Deliver.ShardBytes);
    private readonly AsyncSignal signal = new();
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool hasEnded;

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
        migrations = new RecentMigrations(time);
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
        if (Volatile.Read(ref hasEnded))
        {
            RefuseRest();
        }
    }

    public async ValueTask OfferAsync(EventBatch batch, CancellationToken cancellation)
    {
        await batchRoom.WaitAsync(cancellation);
        await byteRoom.EnterAsync(batch.WeightBytes, cancellation);
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
                // What fails with one command or batch is met where it is run; this only keeps the loop.
                DeliverLog.TurnFailed(logger, e);
            }
        }

        AbortAll();
        Volatile.Write(ref hasEnded, true);
        // Between the two: whoever posts sees that the loop has ended, or is seen here.
        Interlocked.MemoryBarrier();
        RefuseRest();
    }

    /// <returns>Whether there may be more to do at once.</returns>
    private bool Turn()
    {
        var worked = false;
        while (commands.TryDequeue(out var command))
        {
            TryExecute(command);
            worked = true;
        }

        for (var events = 0; events < Limits.Deliver.TurnEvents && batches.TryDequeue(out var batch);)
        {
            batchRoom.Release();
            byteRoom.Leave(batch.WeightBytes);
            TryProcess(batch);
            events += batch.Events.Length;
            worked = true;
        }

        return FlushDirty() || worked;
    }

    private void TryExecute(in ShardCommand command)
    {
        try
        {
            Execute(command);
        }
        catch (Exception e)
        {
            // A bug met with one connection costs that one its stream, never another's; whoever waits for the answer gets one.
            DeliverLog.TurnFailed(logger, e);
            Refuse(command);
            if (command.Connection is { } connection)
            {
                Abort(connection, CloseCode.Draining);
            }
        }
    }

    private void TryProcess(EventBatch batch)
    {
        try
        {
            Process(batch);
        }
        catch (Exception e)
        {
            // Passing over the rest of the batch would be a silent loss for every live stream: they read it from the log.
            DeliverLog.TurnFailed(logger, e);
            LagAll(batch);
        }
    }

    /// <summary>The loop has ended: what is asked now is answered by whoever asks.</summary>
    private void RefuseRest()
    {
        while (commands.TryDequeue(out var command))
        {
            Refuse(command);
            if (command.Kind == ShardCommandKind.Open)
            {
                command.Connection!.Outlet.Abort();
                command.Connection.Complete(CloseCode.Draining);
            }
        }
    }

    private static void Refuse(in ShardCommand command)
    {
        if (command.State is SubscriptionOrder order)
        {
            order.Answer.TrySetResult(new SubscribeOutcome(default, Closing));
        }
        else if (command.State is Unsubscription unsubscription)
        {
            unsubscription.Answer.TrySetResult(new UnsubscribeOutcome(default, Closing));
        }
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
                QueueControl(connection!, (byte[])command.State!, isOwn: true);
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
                TakePage((ArrivedPage)command.State!);
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
