using Gateway.Messages;
using Gateway.Publish;

namespace Gateway.Log;

/// <summary>
/// Gives one batch to the store until it is settled: again after a deadlock, a lock time-out or a lost connection (dedup makes
/// that safe), again under a new log identity when the head moved back.
/// </summary>
internal sealed class CommitAttempts(ILogStore store, PublishQueue publish, HighWater highWater, TimeProvider time, ILogger logger)
{
    // The identity the database had when it was last read; null after any trouble, because it may be another database now.
    private string? logId;

    /// <summary>Why the last batch was not committed.</summary>
    public string? Reason { get; private set; }

    /// <summary>Never <see cref="BatchOutcome.Retry"/> or <see cref="BatchOutcome.HeadMovedBack"/>.</summary>
    public async ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, CancellationToken abandon)
    {
        var started = time.GetTimestamp();
        var pause = Limits.Log.BackoffLeast;
        for (var attempt = 1; ; attempt++)
        {
            logId ??= (await store.ReadHeadAsync(abandon))?.LogId;
            if (logId is null) return Away("the database does not answer");

            var floor = highWater.FloorFor(logId);
            var attemptStarted = time.GetTimestamp();
            var outcome = await store.CommitAsync(batch, floor);
            LogTelemetry.CommitSeconds.Record(time.GetElapsedTime(attemptStarted).TotalSeconds);
            if (outcome == BatchOutcome.Committed)
            {
                logId = batch.Head.LogId;
                Reason = null;
                return outcome;
            }

            logId = null;
            if (outcome == BatchOutcome.DataRefused) return outcome;
            if (outcome == BatchOutcome.Unavailable) return Away("the database cannot be reached or written");
            if (attempt >= Limits.Log.CommitAttempts || time.GetElapsedTime(started) > Limits.Log.CommitRetry)
                return Away("the database refused the same commit too often");
            if (outcome == BatchOutcome.HeadMovedBack)
            {
                if (!await ResetAsync(floor)) return Away("the log needs a new identity and the database does not take it");
                continue;
            }

            LogTelemetry.Retries.Add(1);
            await Task.Delay(pause, time, abandon);
            pause = Next(pause);
        }
    }

    public static TimeSpan Next(TimeSpan pause) => pause * 2 < Limits.Log.BackoffMost ? pause * 2 : Limits.Log.BackoffMost;

    private async ValueTask<bool> ResetAsync(LogPosition floor)
    {
        // Above what was seen under any identity: a backup from before an earlier reset has a floor below the log that it replaced, and
        // a consumer's bare number from that log must not lie inside the new one.
        var above = floor with { Seq = Math.Max(floor.Seq, highWater.HighestSeq) };
        if (await store.ResetAsync(above) is not { } first) return false;
        CommitterLog.LogReset(logger, floor.LogId, floor.Seq, first.LogId, first.Seq);
        LogTelemetry.Resets.Add(1);
        highWater.Observe(first.LogId, first.Seq);
        publish.Offer([first], new LogHead(first.LogId, first.Seq, first.CreatedAtMs));
        return true;
    }

    private BatchOutcome Away(string reason)
    {
        Reason = reason;
        return BatchOutcome.Unavailable;
    }
}
