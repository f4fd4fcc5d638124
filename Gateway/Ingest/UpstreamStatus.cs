using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>A bot as Telegram sees it.</summary>
/// <param name="Mode">What Telegram does: it posts to a webhook, or waits to be polled. Another than the bot's own mode: nothing arrives.</param>
/// <param name="WebhookHost">Null: no webhook. Only the host: the path holds a secret.</param>
/// <param name="IsOurs">Whether that webhook is this gateway's.</param>
/// <param name="LagSeconds">Zero while nothing waits at Telegram, else how long ago the last update arrived here.</param>
internal sealed record UpstreamStatus(
    string Mode, string? WebhookHost, bool IsOurs, long PendingUpdates, string? LastError, long? LastErrorAtMs, long LagSeconds);

/// <param name="Status">Null: Telegram did not say.</param>
/// <param name="Reason">Why not.</param>
internal sealed record UpstreamOutcome(UpstreamStatus? Status, string? Reason);

/// <summary>
/// Asks Telegram how its bots are: each at most every <see cref="Limits.Ingest.StatusAge"/>, however many ask here, and no longer than
/// <see cref="Limits.Ingest.StatusWait"/>, so that a page of bots stays quick while Telegram is away.
/// </summary>
/// <param name="poller">What the poller of a bot here says; null where none runs in this process.</param>
internal sealed class UpstreamStatusReader(BotQueries queries, BotWebhooks webhooks, TimeProvider time, Func<long, PollerStatus?>? poller = null)
{
    private sealed record Answer(long Revision, long AskedAt, Task<UpstreamOutcome> Outcome);

    private readonly Lock gate = new();
    private readonly Dictionary<long, Answer> answers = [];

    public Task<UpstreamOutcome> ReadAsync(BotInfo bot, CancellationToken cancellation)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            foreach (var (id, answer) in answers)
            {
                if (answer.Outcome.IsCompleted && (answer.Outcome.IsFaulted || time.GetElapsedTime(answer.AskedAt, now) >= Limits.Ingest.StatusAge))
                {
                    answers.Remove(id);
                }
            }

            // Of an earlier revision: asked with another token, or before the webhook was set.
            if (answers.TryGetValue(bot.Id, out var known) && known.Revision == bot.Revision)
            {
                return known.Outcome.WaitAsync(cancellation);
            }

            if (answers.Values.Count(answer => !answer.Outcome.IsCompleted) >= Limits.Ingest.StatusCalls)
            {
                return Task.FromResult(new UpstreamOutcome(null, "too many bots are being asked about"));
            }

            // On the pool, and not for the caller alone: whoever asks next shares it.
            var asked = Task.Run(() => AskAsync(bot.Id), CancellationToken.None);
            answers[bot.Id] = new Answer(bot.Revision, now, asked);
            return asked.WaitAsync(cancellation);
        }
    }

    private async Task<UpstreamOutcome> AskAsync(long id)
    {
        if (await queries.OpenAsync(id, CancellationToken.None) is not { } bot)
        {
            return new UpstreamOutcome(null, "the bot was given back");
        }

        if (bot.Token is null)
        {
            return new UpstreamOutcome(null, "its stored token cannot be decrypted");
        }

        var found = await webhooks.ClientOf(bot.Info.BaseUrl, bot.Token).GetWebhookInfoAsync(Limits.Ingest.StatusWait, CancellationToken.None);
        if (found.Value is not { } info)
        {
            return new UpstreamOutcome(null, found.Status == BotApiStatus.TokenRejected ? $"Telegram does not accept the token: {found.Description}" : found.Description);
        }

        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var lag = info.PendingUpdates == 0 ? 0 : Math.Max(0, now - (await queries.LastUpdateAtMsAsync(id, CancellationToken.None) ?? bot.Info.CreatedAtMs));
        var pollError = bot.Info is { Mode: BotModes.Poll, IsPaused: false } && poller?.Invoke(id) is { State: not (PollerState.Starting or PollerState.Polling) } here ? here.Detail : null;
        return new UpstreamOutcome(
            new UpstreamStatus(
                info.Url.Length == 0 ? BotModes.Poll : BotModes.Webhook,
                info.Host,
                WebhookAddress.IsOurs(info.Url, bot),
                info.PendingUpdates,
                BotWebhooks.Cleaned(info.LastError, bot) ?? pollError,
                info.LastErrorAtS * 1000,
                lag / 1000),
            null);
    }
}
