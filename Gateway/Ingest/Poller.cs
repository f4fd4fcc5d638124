using Gateway.Log;
using Gateway.Messages;
using Microsoft.Extensions.Logging;

namespace Gateway.Ingest;

/// <summary>
/// One bot's getUpdates loop. The offset that makes Telegram forget a batch goes out only after every update of it is durable (L1); it
/// lives in memory only, since after a restart Telegram sends again what was not confirmed and the log knows it already (L2).
/// </summary>
internal sealed class Poller(Bot bot, BotApiClient telegram, CommitQueue queue, ParkedUpdates parked, TimeProvider time, Random random, ILogger logger)
{
    private volatile PollerStatus status = new(bot.Id, PollerState.Starting, "");
    private long offset;
    private int limit = Limits.Ingest.PollUpdates;
    private int failures;

    public PollerStatus Status => status;

    public async Task RunAsync(CancellationToken cancellation)
    {
        IngestLog.PollingStarted(logger, bot.Id, telegram.Server);
        try
        {
            while (!await CheckWebhookAsync(cancellation))
            {
                // Each round has waited already.
            }

            while (!cancellation.IsCancellationRequested)
            {
                await PollOnceAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            IngestLog.PollingStopped(logger, bot.Id);
        }
        finally
        {
            status = new PollerStatus(bot.Id, PollerState.Stopped, "");
        }
    }

    /// <summary>True when the bot has no webhook. Polling beside one only earns 409s, and deleting it is the operator's decision, not ours.</summary>
    private async Task<bool> CheckWebhookAsync(CancellationToken cancellation)
    {
        var answer = await telegram.CallAsync("getWebhookInfo", "{}"u8.ToArray(), Limits.Ingest.CallWait, cancellation);
        if (answer.Status != BotApiStatus.Ok)
        {
            await FailAsync("getWebhookInfo", answer, cancellation);
            return false;
        }

        failures = 0;
        if (BotApiEnvelope.WebhookHost(answer.Result.Span) is not { } host)
        {
            return true;
        }

        status = new PollerStatus(bot.Id, PollerState.WebhookIsSet, $"has a webhook at {host}");
        IngestLog.WebhookIsSet(logger, bot.Id, host, Limits.Ingest.RefusedWait);
        await Task.Delay(Limits.Ingest.RefusedWait, time, cancellation);
        return false;
    }

    private async Task PollOnceAsync(CancellationToken cancellation)
    {
        var wait = Limits.Ingest.PollHold + Limits.Ingest.CallWait;
        var answer = await telegram.CallAsync("getUpdates", GetUpdatesCall.Parameters(offset, limit), wait, cancellation);
        if (answer.Status == BotApiStatus.TooLarge && limit > 1)
        {
            limit /= 2;
            return;
        }

        if (answer.Status != BotApiStatus.Ok)
        {
            await FailAsync("getUpdates", answer, cancellation);
            return;
        }

        if (failures > 0)
        {
            IngestLog.PollingRecovered(logger, bot.Id);
            failures = 0;
        }

        status = new PollerStatus(bot.Id, PollerState.Polling, "");
        var updates = Split(answer.Result);
        offset = await StoreAsync(updates, cancellation);
        limit = Limits.Ingest.PollUpdates;
        if (offset == 0 && updates.Count > 0)
        {
            // They are stored, but cannot be confirmed: the next answer will bring the same.
            IngestLog.PollUnconfirmable(logger, bot.Id, updates.Count, Limits.Ingest.LongestBackoff);
            await Task.Delay(Limits.Ingest.LongestBackoff, time, cancellation);
        }
    }

    /// <summary>Each update gets an array of its own: it outlives the answer in the recent-events ring.</summary>
    private List<IncomingUpdate> Split(ReadOnlyMemory<byte> result)
    {
        List<IncomingUpdate> updates = [];
        foreach (var range in BotApiEnvelope.Elements(result.Span))
        {
            var body = result.Span[range].ToArray();
            updates.Add(new IncomingUpdate(bot.Id, body, UpdateParser.Parse(body)));
        }

        return updates;
    }

    /// <summary>
    /// Stores a batch, however long that takes, and answers the next offset. An empty answer has confirmed everything before it, so the offset
    /// is let go: after an idle week Telegram's ids start again at random, and an offset above them would forget updates unseen.
    /// </summary>
    private async Task<long> StoreAsync(List<IncomingUpdate> updates, CancellationToken cancellation)
    {
        while (!await CommitAsync(updates))
        {
            status = new PollerStatus(bot.Id, PollerState.NotStored, $"{updates.Count} updates cannot be stored now");
            IngestLog.PollNotStored(logger, bot.Id, updates.Count, Limits.Ingest.StoreRetry);
            await Task.Delay(Limits.Ingest.StoreRetry, time, cancellation);
        }

        IngestTelemetry.Polled.Add(updates.Count);
        status = new PollerStatus(bot.Id, PollerState.Polling, "");
        var next = 0L;
        foreach (var update in updates)
        {
            // What the parser gave up on (nested too deep) must be confirmed too, or it would come again for a day.
            var id = update.Facts.UpdateId ?? BotApiEnvelope.UpdateId(update.Payload);
            next = Math.Max(next, id + 1 ?? 0);
        }

        return next;
    }

    /// <summary>
    /// All together, so that they share a transaction. True when every one is durable, in the log or parked; those that are already are
    /// found again.
    /// </summary>
    private async Task<bool> CommitAsync(List<IncomingUpdate> updates)
    {
        var commits = updates.ConvertAll(update => queue.CommitAsync(update, CancellationToken.None).AsTask());
        var outcomes = await Task.WhenAll(commits);
        var isDurable = true;
        for (var i = 0; i < outcomes.Length; i++)
        {
            isDurable &= outcomes[i].IsDurable || (outcomes[i].Status == CommitStatus.Refused && Park(updates[i]));
        }

        return isDurable;
    }

    /// <summary>What the database will never take must not stand before all that follows; Telegram cannot be asked past it.</summary>
    private bool Park(IncomingUpdate update)
    {
        if (parked.TryPark(bot.Id, update.Payload, out var reason) is { } path)
        {
            IngestLog.UpdateParked(logger, bot.Id, update.Payload.Length, path);
            return true;
        }

        IngestLog.UpdateNotParked(logger, bot.Id, update.Payload.Length, reason);
        return false;
    }

    private async Task FailAsync(string method, BotApiAnswer answer, CancellationToken cancellation)
    {
        IngestTelemetry.PollFailures.Add(1);
        var wait = WaitAfter(answer);
        var state = PollerState.Failing;
        switch (answer.Status)
        {
            case BotApiStatus.Conflict:
                state = PollerState.Conflict;
                IngestLog.PollConflict(logger, bot.Id, answer.Description, wait);
                break;
            case BotApiStatus.TokenRejected:
                state = PollerState.TokenRejected;
                IngestLog.TokenRejected(logger, bot.Id, answer.Description, wait);
                break;
            default:
                IngestLog.PollFailed(logger, bot.Id, method, answer.Status, answer.Description, wait);
                break;
        }

        status = new PollerStatus(bot.Id, state, answer.Description);
        await Task.Delay(wait, time, cancellation);
    }

    /// <summary>Doubles from the first wait to the longest, then ±20 %, so that the bots of one gateway do not come back in step.</summary>
    private TimeSpan WaitAfter(BotApiAnswer answer)
    {
        failures++;
        if (answer.RetryAfter is { } told)
        {
            return TimeSpan.FromTicks(Math.Clamp(told.Ticks, Limits.Ingest.FirstBackoff.Ticks, Limits.Ingest.LongestRetryAfter.Ticks));
        }

        if (answer.Status == BotApiStatus.TokenRejected)
        {
            return Limits.Ingest.RefusedWait;
        }

        var doubled = Limits.Ingest.FirstBackoff * Math.Pow(2, Math.Min(failures - 1, 16));
        var wait = doubled < Limits.Ingest.LongestBackoff ? doubled : Limits.Ingest.LongestBackoff;
        return wait * (0.8 + (0.4 * random.NextDouble()));
    }
}
