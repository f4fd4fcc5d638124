using Gateway.Messages;
using Gateway.Publish;

namespace Gateway.Log;

/// <summary>
/// The one loop that writes the log. A batch is what accumulated while the last commit was in flight, so batches grow with
/// the load by themselves and a lone update never waits for company. Whatever happens, every waiter gets an answer and the
/// loop goes on.
/// </summary>
internal sealed class GroupCommitter(
    CommitQueue queue, ILogStore store, PublishQueue publish, HighWater highWater, TimeProvider time, ILogger logger,
    ChatMigration? migrations = null, SearchIndexer? search = null)
{
    private const string NoAnswer = "the database does not take commits";

    private readonly List<PendingCommit?> waiters = new(Limits.Log.BatchUpdates);
    private List<CommitItem> items = new(Limits.Log.BatchUpdates);
    private readonly CommitAttempts attempts = new(store, publish, highWater, time, logger);

    /// <summary>
    /// Runs until the queue is drained and empty. Cancelling abandons what is queued: the deadline of an ordered shutdown.
    /// </summary>
    public async Task RunAsync(CancellationToken abandon)
    {
        try
        {
            await ProbeAsync(abandon);
            while (await queue.WaitAsync(abandon))
            {
                FillBatch();
                await CommitBatchAsync(abandon);
                if (queue.IsAway) await ProbeAsync(abandon);
            }
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            CommitterLog.StageStopped(logger, nameof(GroupCommitter));
        }
        finally
        {
            // Whatever ended the loop, an unknown error while it was abandoned too: nobody waits for ever.
            CompleteAll(CommitStatus.ShuttingDown);
            queue.Drain();
            RefuseQueued(CommitStatus.ShuttingDown);
        }
    }

    private void FillBatch()
    {
        waiters.Clear();
        // A new list: stores and tests may keep the batch they were given.
        items = new List<CommitItem>(Math.Min(queue.QueuedUpdates, Limits.Log.BatchUpdates));
        long bytes = 0;
        while (items.Count < Limits.Log.BatchUpdates && queue.TryTake(bytes, out var pending))
        {
            if (pending.Item is null)
            {
                pending.Return();
                continue;
            }

            bytes += pending.PayloadBytes;
            waiters.Add(pending);
            items.Add(pending.Item);
        }
    }

    private async ValueTask CommitBatchAsync(CancellationToken abandon)
    {
        try
        {
            await CommitRangeAsync(0, items.Count, abandon);
        }
        catch (Exception e) when (!abandon.IsCancellationRequested)
        {
            CommitterLog.CommitterFailed(logger, e);
            SetAway("the last commit failed with an unknown error");
            CompleteAll(CommitStatus.Unavailable);
        }
    }

    private async ValueTask CommitRangeAsync(int start, int count, CancellationToken abandon)
    {
        if (queue.IsAway)
        {
            Complete(start, count, CommitStatus.Unavailable);
            return;
        }

        var batch = new CommitBatch(count == items.Count ? items : items.GetRange(start, count));
        var outcome = await attempts.CommitAsync(batch, abandon);
        switch (outcome)
        {
            case BatchOutcome.Committed:
                HandOn(batch);
                CompleteStored(start, count);
                break;
            case BatchOutcome.DataRefused when count > 1:
                // Halves, in order: an update's place in the log must not depend on its neighbour's fault.
                await CommitRangeAsync(start, count / 2, abandon);
                await CommitRangeAsync(start + count / 2, count - count / 2, abandon);
                break;
            case BatchOutcome.DataRefused when count == 1:
                var item = items[start];
                CommitterLog.UpdateRefused(logger, item.Update.BotId, item.DedupKey, item.Update.Facts.Kind, item.Update.Payload.Length);
                Complete(start, count, CommitStatus.Refused);
                break;
            default:
                SetAway(attempts.Reason ?? NoAnswer);
                Complete(start, count, CommitStatus.Unavailable);
                break;
        }
    }

    private void HandOn(CommitBatch batch)
    {
        var stored = 0;
        foreach (var item in batch.Items)
        {
            if (item.ProjectionFailed) CommitterLog.ProjectionFailed(logger, item.Update.BotId, item.Seq);
            // A duplicate's too: its first commit may be the one whose reply was lost, and linking again changes nothing.
            migrations?.Offer(item.Update);
            if (item.Status == CommitStatus.Stored) stored++;
        }

        highWater.Observe(batch.Head.LogId, batch.Head.Seq);
        if (stored > 0) search?.Wake();
        // Without new events too: a duplicate may be this batch's own earlier try, whose events only the head tells of.
        if (batch.Items.Count > 0) publish.Offer(CommittedEvents.Of(batch, stored), batch.Head);
        LogTelemetry.BatchSize.Record(batch.Items.Count);
    }

    /// <summary>Empty commits with growing pauses until one succeeds; what arrived before the queue began to refuse is refused here.</summary>
    private async ValueTask ProbeAsync(CancellationToken abandon)
    {
        for (var pause = Limits.Log.BackoffLeast; ; pause = CommitAttempts.Next(pause))
        {
            var probe = new CommitBatch([]);
            if (await TryProbeAsync(probe, abandon))
            {
                HandOn(probe);
                queue.SetWritable();
                CommitterLog.DatabaseWritable(logger, probe.Head.LogId, probe.Head.Seq);
                return;
            }

            SetAway(attempts.Reason ?? NoAnswer);
            RefuseQueued(CommitStatus.Unavailable);
            if (queue.IsDraining) return;
            await Task.Delay(pause, time, abandon);
        }
    }

    private async ValueTask<bool> TryProbeAsync(CommitBatch probe, CancellationToken abandon)
    {
        try
        {
            return await attempts.CommitAsync(probe, abandon) == BatchOutcome.Committed;
        }
        catch (Exception e) when (!abandon.IsCancellationRequested)
        {
            CommitterLog.CommitterFailed(logger, e);
            return false;
        }
    }

    private void SetAway(string reason)
    {
        if (!queue.IsAway) CommitterLog.DatabaseAway(logger, reason);
        queue.SetAway(reason);
    }

    private void RefuseQueued(CommitStatus status)
    {
        while (queue.TryTake(0, out var pending))
        {
            if (pending.Item is null) pending.Return();
            else Complete(pending, new CommitOutcome(status, 0));
        }
    }

    private void CompleteStored(int start, int count)
    {
        for (var i = start; i < start + count; i++)
        {
            var (waiter, item) = (waiters[i]!, items[i]);
            waiters[i] = null;
            Complete(waiter, new CommitOutcome(item.Status, item.Seq));
        }
    }

    private void CompleteAll(CommitStatus status) => Complete(0, waiters.Count, status);

    private void Complete(int start, int count, CommitStatus status)
    {
        for (var i = start; i < start + count; i++)
        {
            var waiter = waiters[i];
            if (waiter is null) continue;
            waiters[i] = null;
            Complete(waiter, new CommitOutcome(status, 0));
        }
    }

    private static void Complete(PendingCommit waiter, CommitOutcome outcome)
    {
        LogTelemetry.Commits.Add(1, LogTelemetry.TagOf(outcome.Status));
        waiter.Complete(outcome);
    }
}
