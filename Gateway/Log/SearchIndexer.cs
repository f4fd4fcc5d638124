using System.Threading.Channels;
using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// Writes the full-text index behind the log, by a cursor in the database: never in a commit, and for a tenth of the time at most, so that
/// under load the index falls behind and not the log. It is woken by this process's commits and looks by itself for those of others.
/// </summary>
internal sealed class SearchIndexer(IMessageStore store, TimeProvider time, ILogger logger)
{
    private readonly Channel<bool> wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    private bool isAway;

    /// <summary>Called after a commit. Never waits; many calls are one.</summary>
    public void Wake() => wakes.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            var backoff = Limits.Search.Linger;
            while (true)
            {
                var started = time.GetTimestamp();
                var outcome = await StepAsync(stop);
                var rest = time.GetElapsedTime(started) * Limits.Search.RestFactor;
                backoff = outcome == StepOutcome.Away ? Next(backoff) : Limits.Search.Linger;
                if (outcome == StepOutcome.UpToDate) await WaitForCommitAsync(stop);
                await Task.Delay(outcome == StepOutcome.Away ? backoff : Longer(rest, outcome == StepOutcome.UpToDate ? Limits.Search.Linger : TimeSpan.Zero), time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            CommitterLog.StageStopped(logger, nameof(SearchIndexer));
        }
    }

    /// <summary>One transaction's worth. Public for tests and for bringing an index up to date without the loop.</summary>
    public async ValueTask<StepOutcome> StepAsync(CancellationToken cancellation)
    {
        try
        {
            if (await store.ReadUnindexedAsync(cancellation) is not { } texts) return SetAway("the database does not answer");
            LogTelemetry.SearchLag.Record(texts.HeadSeq - Math.Min(texts.Cursor, texts.HeadSeq));
            if (texts.ThroughSeq == texts.Cursor) return SetPresent(StepOutcome.UpToDate);

            var written = await store.WriteIndexAsync(new IndexStep(texts.Cursor, texts.ThroughSeq, TermsOf(texts)), cancellation);
            if (written is null) return SetAway("the index cannot be written");
            if (written is true) LogTelemetry.SearchLag.Record(Math.Max(0, texts.HeadSeq - texts.ThroughSeq));
            // Not ours: another process is at it, and its next look is not better than ours.
            return SetPresent(written is true && texts.ThroughSeq < texts.HeadSeq ? StepOutcome.Behind : StepOutcome.UpToDate);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // The loop's boundary.
            SearchLog.Failed(logger, e);
            return StepOutcome.Away;
        }
    }

    private static List<IndexedMessage> TermsOf(UnindexedTexts texts)
    {
        var messages = new List<IndexedMessage>(texts.Texts.Count);
        foreach (var text in texts.Texts)
        {
            var terms = SearchText.TermsOf(text.Text, text.BotId, text.ChatId, text.ThreadId);
            if (terms.Length > 0 || text.IsEdit) messages.Add(new(text.MessageId, text.BotId, text.ChatId, terms));
        }

        return messages;
    }

    private async ValueTask WaitForCommitAsync(CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var poll = Task.Delay(Limits.Search.Poll, time, either.Token);
        await Task.WhenAny(wakes.Reader.WaitToReadAsync(either.Token).AsTask(), poll);
        await either.CancelAsync();
        stop.ThrowIfCancellationRequested();
        wakes.Reader.TryRead(out _);
    }

    private StepOutcome SetAway(string reason)
    {
        if (!isAway) SearchLog.Away(logger, reason);
        isAway = true;
        return StepOutcome.Away;
    }

    private StepOutcome SetPresent(StepOutcome outcome)
    {
        if (isAway) SearchLog.Back(logger);
        isAway = false;
        return outcome;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Next(TimeSpan pause) => pause * 2 < Limits.Search.BackoffMost ? pause * 2 : Limits.Search.BackoffMost;
}

internal enum StepOutcome
{
    /// <summary>Nothing is left to do, or another process does it.</summary>
    UpToDate,

    /// <summary>There is more.</summary>
    Behind,

    Away,
}
