using Gateway.Access;
using Gateway.Log;
using Gateway.Messages;
using Microsoft.Extensions.Logging;

namespace Gateway.Ingest;

/// <summary>Keeps one poller running for every bot in mode <c>poll</c>, and follows changes of the bots.</summary>
/// <param name="server">The Bot API server of bots that name none of their own.</param>
internal sealed class PollerPool(
    BotDirectory bots, SecretBox secrets, HttpMessageInvoker http, string server, CommitQueue queue, ParkedUpdates parked, TimeProvider time, Random random, ILogger<PollerPool> logger)
{
    private sealed record Running(Bot Bot, Poller? Poller, Task Task, CancellationTokenSource Stop);

    private readonly Dictionary<long, Running> running = [];
    private volatile IReadOnlyList<Running> visible = [];

    public IReadOnlyList<PollerStatus> Statuses => [.. visible.Select(each =>
        each.Poller?.Status ?? new PollerStatus(each.Bot.Id, PollerState.TokenUnreadable, "the token cannot be decrypted"))];

    /// <summary>Null: no poller of that bot runs here.</summary>
    public PollerStatus? StatusOf(long botId) => Statuses.FirstOrDefault(each => each.BotId == botId);

    /// <summary>Which bots should be polled and are not, for <c>/ready</c>; null when all are. No details: whoever may ask is not authenticated.</summary>
    public string? Concern()
    {
        var all = Statuses;
        var silent = all.Where(each => each.State is not (PollerState.Starting or PollerState.Polling)).ToList();
        if (silent.Count == 0)
        {
            return null;
        }

        var named = string.Join(", ", silent.Take(Limits.Ingest.NamedPollers).Select(each => $"bot {each.BotId} ({each.State})"));
        return $"{silent.Count} of {all.Count} bots are not polled: {named}{(silent.Count > Limits.Ingest.NamedPollers ? ", …" : "")}";
    }

    /// <summary>Returns after the token is cancelled and every poller has ended; what they had fetched is stored or still with Telegram.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var snapshot = bots.Current;
                await FollowAsync(snapshot, cancellation);
                await bots.WaitForChangeAsync(snapshot).WaitAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await StopAsync([.. running.Values]);
        }
    }

    private async Task FollowAsync(BotSnapshot snapshot, CancellationToken cancellation)
    {
        var wanted = snapshot.Bots.Where(bot => bot is { Mode: BotMode.Poll, IsPaused: false }).ToDictionary(bot => bot.Id);
        // A poller whose bot changed must have ended before the next begins, or the two would earn each other 409s.
        await StopAsync([.. running.Values.Where(each => !wanted.TryGetValue(each.Bot.Id, out var bot) || !IsSame(bot, each.Bot))]);
        foreach (var bot in wanted.Values)
        {
            if (!running.ContainsKey(bot.Id))
            {
                running[bot.Id] = Start(bot, cancellation);
            }
        }

        visible = [.. running.Values];
    }

    /// <summary>Only what a poller uses: every load makes new objects, and a poller must not be cut for another bot's change.</summary>
    private static bool IsSame(Bot bot, Bot other) =>
        bot.TelegramId == other.TelegramId && bot.BaseUrl == other.BaseUrl && bot.WebhookToldAtMs == other.WebhookToldAtMs
        && bot.TokenCipher.AsSpan().SequenceEqual(other.TokenCipher);

    private Running Start(Bot bot, CancellationToken cancellation)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var opened = secrets.Open(bot.TokenCipher, SecretBox.BotToken(bot.TelegramId), out var token);
        if (opened != SecretBoxStatus.Opened)
        {
            IngestLog.TokenUnreadable(logger, bot.Id, opened);
            return new Running(bot, null, Task.CompletedTask, stop);
        }

        var poller = new Poller(bot, new BotApiClient(http, (bot.BaseUrl ?? server).TrimEnd('/'), token, time), queue, parked, time, new Random(random.Next()), logger);
        return new Running(bot, poller, SuperviseAsync(poller, bot.Id, stop.Token), stop);
    }

    /// <summary>A poller ends only when it is told to; a bug in it must not silence the bot.</summary>
    private async Task SuperviseAsync(Poller poller, long botId, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await poller.RunAsync(cancellation);
            }
            catch (Exception failure)
            {
                IngestLog.PollerFailed(logger, failure, botId, Limits.Ingest.LongestBackoff);
                await Task.Delay(Limits.Ingest.LongestBackoff, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task StopAsync(Running[] ended)
    {
        foreach (var each in ended)
        {
            await each.Stop.CancelAsync();
        }

        foreach (var each in ended)
        {
            await each.Task;
            each.Stop.Dispose();
            running.Remove(each.Bot.Id);
        }

        visible = [.. running.Values];
    }
}
