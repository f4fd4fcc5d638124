using Gateway.Deliver;
using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Publish;

/// <summary>
/// Hands the log on to the hub without a hole and without a repetition, whatever the bus does: it knows the last seq it handed on, lets
/// <c>last + 1</c> pass, keeps later ones a moment (publishers of two replicas may cross), and then reads the gap from the log. Where
/// nothing comes it asks the database itself, which is also how a process without a shared bus learns of another's commits. A database
/// that is away ends nothing.
/// </summary>
/// <param name="highWater">Told every position before any consumer is; a head below it is never shown to one.</param>
internal sealed class BusReader(
    InProcessBus bus, ILogStore store, Hub hub, HighWater highWater, Action requestHeadCheck, TimeProvider time, Random random, ILogger logger)
{
    private readonly ReorderWindow window = new();
    private readonly List<LogEvent> ready = [];
    private LogPosition last;
    private long announcedSeq;
    private long progressAt;
    private long gapSince;
    private volatile bool isArmed;
    private bool hasGap;
    private bool mustAsk;
    private TimeSpan pollAfter = Limits.Publish.Poll;

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await using var timer = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            await StartAsync(cancellation);
            Arm(timer, pollAfter);
            while (await bus.WaitAsync(cancellation))
            {
                await ReadAsync(timer, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Everything before this process began to read is for catch-up: live begins at the head.</summary>
    private async ValueTask StartAsync(CancellationToken cancellation)
    {
        while (true)
        {
            // On an older copy of the database it is the committer's first act to reset the log. A stream that began before would resume
            // in an identity that is about to end, at a head that is not the log's.
            if (await ReadHeadAsync(cancellation) is { } head && !IsBelowHighWater(head))
            {
                await HandOnAsync([], new LogPosition(head.LogId, head.Seq), cancellation);
                return;
            }

            await Task.Delay(Limits.Publish.Poll, time, cancellation);
        }
    }

    private bool IsBelowHighWater(LogHead head)
    {
        var floor = highWater.FloorFor(head.LogId);
        return floor.LogId == head.LogId && head.Seq < floor.Seq;
    }

    private async ValueTask ReadAsync(ITimer timer, CancellationToken cancellation)
    {
        try
        {
            while (bus.TryTake(out var message))
            {
                await TakeAsync(message, cancellation);
            }

            await FollowAsync(cancellation);
            if (hasGap || !isArmed)
            {
                Arm(timer, NextLook());
            }
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            PublishLog.ReaderFailed(logger, e);
            Arm(timer, pollAfter);
        }
    }

    private void Arm(ITimer timer, TimeSpan due)
    {
        isArmed = true;
        timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void Wake()
    {
        // Before the message: it may find the bus full, and then the reader, which is awake, arms again.
        isArmed = false;
        bus.Wake();
    }

    private async ValueTask TakeAsync(BusMessage message, CancellationToken cancellation)
    {
        if (message.Events is null)
        {
            return;
        }

        if (message.Head.LogId != last.LogId)
        {
            // Late words of an old identity or the first of a new one: only the database knows.
            mustAsk = true;
            return;
        }

        foreach (var logEvent in message.Events)
        {
            Place(logEvent);
        }

        announcedSeq = Math.Max(announcedSeq, message.Head.Seq);
        if (ready.Count > 0)
        {
            await HandOnReadyAsync(cancellation);
        }
    }

    private void Place(LogEvent logEvent)
    {
        var expected = (ready.Count > 0 ? ready[^1].Seq : last.Seq) + 1;
        if (logEvent.Seq == expected)
        {
            ready.Add(logEvent);
            expected++;
            while (window.TryTake(expected, out var waited))
            {
                ready.Add(waited!);
                expected++;
            }
        }
        else if (logEvent.Seq > expected)
        {
            window.Offer(logEvent);
        }
    }

    private async ValueTask HandOnReadyAsync(CancellationToken cancellation)
    {
        var events = ready.ToArray();
        ready.Clear();
        PublishTelemetry.LagSeconds.Record(Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - events[^1].CreatedAtMs) / 1000.0);
        await HandOnAsync(events, last with { Seq = events[^1].Seq }, cancellation);
    }

    private async ValueTask HandOnAsync(IReadOnlyList<LogEvent> events, LogPosition through, CancellationToken cancellation)
    {
        last = through;
        // Before any consumer hears of it. A process that only reads would else not know, after a restore, that these numbers are taken.
        highWater.Observe(through.LogId, through.Seq);
        progressAt = time.GetTimestamp();
        pollAfter = Limits.Publish.Poll * (1 - Limits.Publish.PollJitter + (2 * Limits.Publish.PollJitter * random.NextDouble()));
        await hub.OfferAsync(through, events, cancellation);
    }

    /// <summary>Asks the database when there is reason to.</summary>
    private async ValueTask FollowAsync(CancellationToken cancellation)
    {
        var isBehind = announcedSeq > last.Seq || window.Count > 0;
        if (isBehind && !hasGap)
        {
            gapSince = time.GetTimestamp();
        }

        hasGap = isBehind;
        var isDue = time.GetElapsedTime(progressAt) >= pollAfter || (hasGap && time.GetElapsedTime(gapSince) >= Limits.Publish.ReorderWait);
        if (!isDue && !mustAsk)
        {
            return;
        }

        // Away or not, the next question comes only after the interval.
        progressAt = time.GetTimestamp();
        gapSince = progressAt;
        LogPage? page;
        while ((page = await ReadPageAsync(new LogQuery(last.Seq), cancellation)) is not null && await TakePageAsync(page, cancellation))
        {
            PublishTelemetry.GapReads.Add(1);
        }

        // A database that did not answer is asked again at the poll's pace, not at the reorder window's.
        hasGap = page is not null && (announcedSeq > last.Seq || window.Count > 0);
    }

    /// <returns>Whether there is another page to read.</returns>
    private async ValueTask<bool> TakePageAsync(LogPage page, CancellationToken cancellation)
    {
        mustAsk = false;
        if (IsBelowHighWater(page.Head))
        {
            // Also a copy from before an earlier reset, which comes under the identity of then.
            PublishLog.HeadMovedBack(logger, page.Head.LogId, page.Head.Seq, last.Seq);
            requestHeadCheck();
            return false;
        }

        if (page.Head.LogId != last.LogId)
        {
            await SwitchAsync(page, cancellation);
            return page.ThroughSeq < page.Head.Seq;
        }

        if (page.ThroughSeq > last.Seq)
        {
            await HandOnAsync(page.Events, last with { Seq = page.ThroughSeq }, cancellation);
            await DrainWindowAsync(cancellation);
        }

        return page.Events.Count > 0 && last.Seq < page.Head.Seq;
    }

    private async ValueTask SwitchAsync(LogPage page, CancellationToken cancellation)
    {
        PublishLog.LogReset(logger, last.LogId, page.Head.LogId);
        window.Clear();
        announcedSeq = 0;
        if (page.Head.Seq < last.Seq)
        {
            // A copy from before an earlier reset: the committer must look, and streams resume by (log_id, seq), not by number.
            requestHeadCheck();
            await HandOnAsync([], new LogPosition(page.Head.LogId, page.Head.Seq), cancellation);
            return;
        }

        await HandOnAsync(page.Events, new LogPosition(page.Head.LogId, page.ThroughSeq), cancellation);
    }

    private async ValueTask DrainWindowAsync(CancellationToken cancellation)
    {
        window.DropThrough(last.Seq);
        for (var next = last.Seq + 1; window.TryTake(next, out var waited); next++)
        {
            ready.Add(waited!);
        }

        if (ready.Count > 0)
        {
            await HandOnReadyAsync(cancellation);
        }
    }

    private TimeSpan NextLook()
    {
        var rest = hasGap ? Limits.Publish.ReorderWait - time.GetElapsedTime(gapSince) : pollAfter - time.GetElapsedTime(progressAt);
        return rest > TimeSpan.FromMilliseconds(1) ? rest : TimeSpan.FromMilliseconds(1);
    }

    private async ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation)
    {
        try
        {
            return await store.ReadHeadAsync(cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            PublishLog.ReadFailed(logger, e);
            return null;
        }
    }

    private async ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation)
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
}
