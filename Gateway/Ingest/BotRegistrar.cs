using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Ingest;

/// <summary>
/// Takes bots over, changes them and gives them back, for REST and the command line alike: first what Telegram says, then the row, then what
/// Telegram is told. Nothing is changed anywhere when Telegram has to be asked and cannot be; a row that is stored while Telegram was not told says so.
/// </summary>
internal sealed class BotRegistrar(BotAdministration bots, BotQueries queries, BotWebhooks webhooks)
{
    public async Task<BotOutcome> RegisterAsync(Actor actor, BotRegistration bot, CancellationToken cancellation)
    {
        if (!bot.Verify)
        {
            return await bots.AddAsync(actor, bot, cancellation);
        }

        var known = await queries.OpenByTelegramIdAsync(bot.TelegramId, cancellation);
        if (known is not null && !bot.Update && bot.Owner is null)
        {
            // Before Telegram is asked: the answer would change nothing.
            return new BotOutcome(BotChangeStatus.AlreadyThere, known.Info);
        }

        var client = webhooks.ClientOf(bot.BaseUrl ?? (bot.Owner is null ? known?.Info.BaseUrl : null), bot.Token);
        var (identity, refusal) = await IdentifyAsync(client, bot.TelegramId, cancellation);
        if (refusal is not null)
        {
            return refusal;
        }

        if (known is not null && !bot.Update)
        {
            // Who does not see every bot learns that this one is here only by a token that is really its own.
            return new BotOutcome(BotChangeStatus.AlreadyThere, known.Info);
        }

        var look = await webhooks.LookAsync(client, known, bot.TakeOver, cancellation);
        if (look.Refusal is not null)
        {
            return look.Refusal;
        }

        bot = bot with { Username = identity!.Username, FirstName = identity.FirstName };
        if (webhooks.HasPublicUrl && known?.SecretToken is null)
        {
            bot = bot with { SecretToken = bot.SecretToken ?? BotAdministration.NewSecret() };
        }

        var added = await bots.AddAsync(actor, bot, cancellation);
        return added.IsDone && webhooks.HasToTell(added.Bot!, look.Url!) ? await TellAsync(actor, added, cancellation) : added;
    }

    public async Task<BotOutcome> ChangeAsync(Actor actor, long id, BotChange change, CancellationToken cancellation)
    {
        if (await queries.OpenAsync(id, cancellation) is not { } known)
        {
            return new BotOutcome(BotChangeStatus.NotFound, null);
        }

        if (change.IsExpected?.Invoke(known.Info) == false)
        {
            // Asked again in the transaction; here it spares Telegram the question.
            return new BotOutcome(BotChangeStatus.Changed, known.Info);
        }

        var baseUrl = change.HasBaseUrl ? change.BaseUrl : known.Info.BaseUrl;
        var isElsewhere = baseUrl != known.Info.BaseUrl;
        var mode = change.Mode ?? known.Info.Mode;
        var isToldAnew = mode != known.Info.Mode || ((change.RotateSecret || change.Token is not null || isElsewhere) && mode == BotModes.Webhook);
        var hasToTell = isToldAnew && (mode == BotModes.Poll || webhooks.HasPublicUrl);
        if (change.Token is null && !isElsewhere && !hasToTell)
        {
            return await bots.ChangeAsync(actor, id, change, null, cancellation);
        }

        if ((change.Token ?? known.Token) is not { } token)
        {
            return new BotOutcome(BotChangeStatus.TokenUnreadable, known.Info);
        }

        var client = webhooks.ClientOf(baseUrl, token);
        var (identity, refusal) = change.Token is null && !isElsewhere ? default : await IdentifyAsync(client, known.Info.TelegramId, cancellation);
        if (refusal is not null)
        {
            return refusal;
        }

        if (!hasToTell)
        {
            return await bots.ChangeAsync(actor, id, change, identity, cancellation);
        }

        var look = await webhooks.LookAsync(client, known, change.TakeOver, cancellation);
        if (look.Refusal is not null)
        {
            return look.Refusal;
        }

        var changed = await bots.ChangeAsync(actor, id, change, identity, cancellation);
        return changed.IsDone && webhooks.HasToTell(changed.Bot!, look.Url!) ? await TellAsync(actor, changed, cancellation) : changed;
    }

    /// <summary>Tells Telegram again where the bot's updates go: sets the webhook, or deletes what stands in the way of polling.</summary>
    public async Task<BotOutcome> RegisterWebhookAsync(Actor actor, long id, bool takeOver, CancellationToken cancellation, Func<BotInfo, bool>? isExpected = null)
    {
        if (await queries.OpenAsync(id, cancellation) is not { } known)
        {
            return new BotOutcome(BotChangeStatus.NotFound, null);
        }

        if (isExpected?.Invoke(known.Info) == false)
        {
            return new BotOutcome(BotChangeStatus.Changed, known.Info);
        }

        if (known.Info.Mode == BotModes.Webhook && !webhooks.HasPublicUrl)
        {
            return new BotOutcome(BotChangeStatus.NoPublicUrl, known.Info);
        }

        if (known.Token is null)
        {
            return new BotOutcome(BotChangeStatus.TokenUnreadable, known.Info);
        }

        var look = await webhooks.LookAsync(webhooks.ClientOf(known.Info.BaseUrl, known.Token), known, takeOver, cancellation);
        return look.Refusal ?? await webhooks.TellAsync(actor, id, cancellation);
    }

    /// <summary>
    /// Updates of a paused bot wait at Telegram, which keeps them for 24 hours: its webhook is answered 503, its polling stands still. Telegram is not
    /// told, so that pausing works without it; a webhook is set anew at the end, because Telegram's pauses between tries have grown long by then.
    /// </summary>
    public async Task<BotOutcome> SetPausedAsync(Actor actor, long id, bool isPaused, Func<BotInfo, bool>? isExpected, CancellationToken cancellation)
    {
        var wasPaused = !isPaused && (await queries.FindAsync(id, null, cancellation))?.IsPaused == true;
        var changed = await bots.SetPausedAsync(actor, id, isPaused, isExpected, cancellation);
        if (!changed.IsDone || !wasPaused || changed.Bot is not { Mode: BotModes.Webhook, WebhookToldAtMs: not null } || !webhooks.HasPublicUrl)
        {
            return changed;
        }

        var told = await RegisterWebhookAsync(actor, id, takeOver: false, cancellation);
        return changed with { Bot = told.Bot ?? changed.Bot, Detail = told.IsDone ? null : BotProblem.TextOf(told) };
    }

    /// <summary>Gives the bot back. The outcome's detail says when the webhook that the gateway had set is still there.</summary>
    public async Task<BotOutcome> RemoveAsync(Actor actor, long id, Func<BotInfo, bool>? isExpected, CancellationToken cancellation)
    {
        var known = await queries.OpenAsync(id, cancellation);
        var removed = await bots.RemoveAsync(actor, id, isExpected, cancellation);
        return removed.IsDone && known is { Info: { Mode: BotModes.Webhook, WebhookToldAtMs: not null } }
            ? removed with { Detail = await webhooks.ReleaseAsync(known, cancellation) }
            : removed;
    }

    /// <summary>Done although Telegram did not take it: what was asked for is stored, and the bot's row says what is missing.</summary>
    private async Task<BotOutcome> TellAsync(Actor actor, BotOutcome stored, CancellationToken cancellation)
    {
        var told = await webhooks.TellAsync(actor, stored.Bot!.Id, cancellation);
        return stored with { Bot = told.Bot ?? stored.Bot, Detail = told.Detail };
    }

    private static async Task<(BotIdentity? Identity, BotOutcome? Refusal)> IdentifyAsync(BotApiClient client, long telegramId, CancellationToken cancellation)
    {
        var me = await client.GetMeAsync(Limits.Ingest.CallWait, cancellation);
        return me.Status switch
        {
            BotApiStatus.Ok when me.Value!.TelegramId == telegramId => (me.Value, null),
            BotApiStatus.Ok => (null, new BotOutcome(BotChangeStatus.TokenOfAnotherBot, null)),
            BotApiStatus.TokenRejected => (null, new BotOutcome(BotChangeStatus.TokenRejected, null, me.Description)),
            _ => (null, new BotOutcome(BotChangeStatus.TelegramAway, null, me.Description)),
        };
    }
}
