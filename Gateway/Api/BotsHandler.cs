using System.Globalization;
using Gateway.Access;
using Gateway.Http;
using Gateway.Ingest;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary>
/// <c>/api/v1/bots</c>. A bot is seen by admins and by whoever has any right on it or in one of its chats; it is changed by admins and by whoever may
/// manage it as a whole.
/// </summary>
/// <param name="readFresh">Reads permissions at once; asked before somebody is refused, as his grant may be a moment old.</param>
internal sealed class BotsHandler(BotQueries queries, BotRegistrar registrar, UpstreamStatusReader upstream, bool hasPublicUrl, Func<Task<bool>> readFresh)
{
    private const string Bots = "/api/v1/bots", One = "/api/v1/bots/{id}";

    private static readonly QueryReader Query = new(OffsetPage.Names);
    private static readonly DocumentedParameter[] Id = [new("id", JsonKind.Integer, "The gateway's id of the bot.")];
    private static readonly string Read = PermissionNames.Of(Permission.BotsRead), Write = PermissionNames.Of(Permission.BotsWrite);

    private int changing;

    public IEnumerable<HttpRoute> Routes =>
    [
        Route("GET", Bots, ListAsync, "bots_list", Read, new("The bots the caller may see") { Query = OffsetPage.Document, Answer = JsonShape.OffsetPage("bots", BotShapes.Bot) }),
        Route("POST", Bots, AddAsync, "bots_add", Write, new("Take over a bot")
        {
            Description = "Asks Telegram who the token is and whether another program has a webhook on the bot, stores it, and registers the webhook where the gateway "
                + "knows its public address. Whoever is no admin gets all rights on the bot he adds.",
            Body = BotShapes.NewBot,
            Answer = BotShapes.ChangedBot,
            Status = 201,
            Errors = [BotReplies.Rejected, new(409, "BOT_EXISTS", "The bot is here already."), new(409, "SECRET_TAKEN", "Another bot has this webhook secret."), BotReplies.OfAnother, BotReplies.Foreign, BotReplies.Away],
        }),
        Route("GET", One, ShowAsync, "bots_get", Read, new("One bot, and what Telegram says of it") { Path = Id, Headers = [DocumentedParameter.IfNoneMatch], Answer = BotShapes.BotWithStatus, Errors = [BotReplies.NoBot] }),
        Route("PATCH", One, ChangeAsync, "bots_change", Write, new("Change a bot")
        {
            Description = "What is not named stays. Where Telegram has to be told and cannot be asked, nothing is changed.",
            Path = Id,
            Headers = [DocumentedParameter.IfMatch],
            Body = BotShapes.BotChange,
            Answer = BotShapes.ChangedBot,
            Errors = [BotReplies.NoBot, BotReplies.Rejected, BotReplies.OfAnother, BotReplies.Unreadable, BotReplies.Foreign, BotReplies.Away],
        }),
        Route("DELETE", One, RemoveAsync, "bots_remove", Write, new("Give a bot back")
        {
            Description = "Deletes its webhook if it is the gateway's, its token, secrets and grants. Its history stays until retention, and comes back when the bot is added again.",
            Path = Id,
            Answer = BotShapes.RemovedBot,
            Errors = [BotReplies.NoBot],
        }),
        Route("POST", One + "/webhook", RegisterAsync, "bots_webhook", Write, new("Tell Telegram again where the bot's updates go")
        {
            Description = "Sets the webhook of a bot in mode webhook, deletes that of one in mode poll.",
            Path = Id,
            Body = BotShapes.WebhookOrder,
            Answer = BotShapes.ChangedBot,
            Errors =
            [
                BotReplies.NoBot, BotReplies.Foreign, BotReplies.Unreadable, new(409, "NO_PUBLIC_URL", "The gateway does not know its public address."),
                new(409, "TOKEN_REJECTED", "Telegram knows the stored token no more; give a new one."), BotReplies.Away, new(502, "UPSTREAM_REFUSED", "Telegram did not take it; `details.telegram` says why."),
            ],
        }),
        Route("POST", One + "/pause", exchange => PauseAsync(exchange, true), "bots_pause", Write, new("Take no updates of the bot for a while")
        {
            Description = "Telegram keeps them for 24 hours, no longer: polling stops, and the webhook is answered 503. Telegram is not told.",
            Path = Id,
            Answer = BotShapes.ChangedBot,
            Errors = [BotReplies.NoBot],
        }),
        Route("POST", One + "/resume", exchange => PauseAsync(exchange, false), "bots_resume", Write, new("Take its updates again") { Path = Id, Answer = BotShapes.ChangedBot, Errors = [BotReplies.NoBot] }),
    ];

    private static HttpRoute Route(string method, string template, Func<Exchange, Task> handler, string name, string needs, RouteDocument document) =>
        new(method, template, handler, name) { Needs = needs, Document = document };

    private async Task ListAsync(Exchange exchange)
    {
        var query = Query.Read(exchange);
        var errors = new ValidationErrors();
        if (query.Problem is { } problem) errors.Add("query", problem);
        var page = query.Problem is null ? OffsetPage.Read(query, errors) : default;
        if (!errors.IsEmpty)
        {
            await errors.ReplyAsync(exchange);
            return;
        }

        var (bots, total) = await queries.ListAsync(ViewerOf(exchange), page.Offset, page.Limit, exchange.Aborted);
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (bots, total, page), static (json, state) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("bots");
            foreach (var bot in state.bots) BotJson.Write(json, bot);
            json.WriteEndArray();
            state.page.Write(json, state.total);
            json.WriteEndObject();
        });
    }

    private async Task ShowAsync(Exchange exchange)
    {
        if (await FindAsync(exchange) is not { } bot) return;

        if (EntityTag.IsNotModified(exchange, BotJson.TagOf(bot))) return;
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (bot, await upstream.ReadAsync(bot, exchange.Aborted)), BotJson.WriteWithStatus);
    }

    private async Task AddAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, BotShapes.NewBot) is not { } body) return;
        var principal = exchange.Principal();
        var verify = body.Bool("verify") ?? true;
        if (!principal.Grants.IsAdmin && (body.String("base_url") is not null || !verify))
        {
            await ForbidAsync(exchange, "Only admins name a Bot API server or add a bot without asking Telegram.", "admin");
            return;
        }

        var token = body.String("token")!;
        if (!await BotFields.AreValidAsync(exchange, body) || BotToken.TelegramIdOf(token) is not { } telegramId) return;
        var bot = new BotRegistration(telegramId, token, body.String("mode"))
        {
            Label = body.String("label"),
            RetentionDays = (int?)body.Long("retention_days"),
            WebhookSecret = body.String("webhook_secret"),
            SecretToken = body.String("secret_token"),
            BaseUrl = body.String("base_url"),
            Verify = verify,
            TakeOver = body.Bool("take_over") ?? false,
            Owner = principal.Grants.IsAdmin ? null : principal.Id,
        };
        // Not the request's token: a bot whose row is written and whose webhook is not, because its client hung up, would be half added.
        if (await BoundedAsync(exchange, () => registrar.RegisterAsync(exchange.Actor(), bot, CancellationToken.None)) is not { } added) return;
        if (added.IsDone) exchange.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"{Bots}/{added.Bot!.Id}");
        await ReplyAsync(exchange, added, StatusCodes.Status201Created, isTokenGiven: true);
    }

    private async Task ChangeAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, BotShapes.BotChange) is not { } body) return;
        if (!await BotFields.AreValidAsync(exchange, body) || await MayChangeAsync(exchange) is not { } id) return;
        if (body.Has("base_url") && !exchange.Principal().Grants.IsAdmin)
        {
            await ForbidAsync(exchange, "Only admins name a Bot API server.", "admin");
            return;
        }

        var change = new BotChange
        {
            HasLabel = body.Has("label"),
            Label = body.String("label"),
            HasRetentionDays = body.Has("retention_days"),
            RetentionDays = (int?)body.Long("retention_days"),
            Mode = body.String("mode"),
            HasBaseUrl = body.Has("base_url"),
            BaseUrl = body.String("base_url"),
            Token = body.String("token"),
            RotateSecret = body.Bool("rotate_webhook_secret") ?? false,
            TakeOver = body.Bool("take_over") ?? false,
            IsExpected = Expected(exchange),
        };
        if (await BoundedAsync(exchange, () => registrar.ChangeAsync(exchange.Actor(), id, change, CancellationToken.None)) is not { } changed) return;
        await ReplyAsync(exchange, changed, isTokenGiven: change.Token is not null);
    }

    private async Task RemoveAsync(Exchange exchange)
    {
        if (await MayChangeAsync(exchange) is not { } id) return;
        if (await BoundedAsync(exchange, () => registrar.RemoveAsync(exchange.Actor(), id, Expected(exchange), CancellationToken.None)) is not { } removed) return;
        await (removed.IsDone ? JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, removed, BotJson.WriteRemoved) : BotReplies.FailAsync(exchange, removed));
    }

    private async Task RegisterAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, BotShapes.WebhookOrder) is not { } body || await MayChangeAsync(exchange) is not { } id) return;
        var takeOver = body.Bool("take_over") ?? false;
        if (await BoundedAsync(exchange, () => registrar.RegisterWebhookAsync(exchange.Actor(), id, takeOver, CancellationToken.None, Expected(exchange))) is { } told)
            await ReplyAsync(exchange, told);
    }

    private async Task PauseAsync(Exchange exchange, bool isPaused)
    {
        if (await MayChangeAsync(exchange) is not { } id) return;
        if (await BoundedAsync(exchange, () => registrar.SetPausedAsync(exchange.Actor(), id, isPaused, Expected(exchange), CancellationToken.None)) is { } changed)
            await ReplyAsync(exchange, changed);
    }

    /// <summary>Null when the request was answered 503: each change may wait for Telegram for as long as three calls take.</summary>
    private async Task<BotOutcome?> BoundedAsync(Exchange exchange, Func<Task<BotOutcome>> change)
    {
        try
        {
            if (Interlocked.Increment(ref changing) <= Limits.Ingest.BotChanges) return await change();
            await ErrorReply.WriteAsync(exchange, StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", "Too many bots are being changed.", Limits.Ingest.RetryAfter);
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref changing);
        }
    }

    private Task ReplyAsync(Exchange exchange, BotOutcome outcome, int status = StatusCodes.Status200OK, bool isTokenGiven = false)
    {
        if (!outcome.IsDone) return BotReplies.FailAsync(exchange, outcome, isTokenGiven);
        EntityTag.Set(exchange, BotJson.TagOf(outcome.Bot!));
        // May hold a secret that is shown once.
        exchange.Response.Headers.CacheControl = "no-store";
        return JsonReply.WriteAsync(exchange, status, (outcome, !hasPublicUrl), BotJson.WriteChanged);
    }

    /// <summary>Null when the request was answered: the same for a bot that does not exist and one that the caller does not see.</summary>
    private async Task<BotInfo?> FindAsync(Exchange exchange)
    {
        var id = IdOf(exchange);
        var (bot, isHidden) = id is { } known ? await queries.LookAsync(known, ViewerOf(exchange), exchange.Aborted) : default;
        if (isHidden) exchange.Hidden = ("bot", id!.Value);
        if (bot is null) await BotReplies.NotFoundAsync(exchange);
        return bot;
    }

    /// <summary>The bot's id; null when the request was answered: 404 for a bot the caller does not see, 403 for one he may not manage.</summary>
    private async Task<long?> MayChangeAsync(Exchange exchange)
    {
        if (await FindAsync(exchange) is not { Id: var id }) return null;
        var principal = exchange.Principal();
        if (Manages(principal, id) || (await readFresh() && Manages(principal, id))) return id;
        await ForbidAsync(exchange, "This needs the right to manage the bot.", "can_manage");
        return null;
    }

    private static bool Manages(Principal principal, long id) =>
        principal.Grants.IsAdmin || (principal.Grants.Bots.GetValueOrDefault(id) & ChatRights.Manage) != 0;

    private static Task ForbidAsync(Exchange exchange, string message, string needs) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status403Forbidden, "FORBIDDEN", message, details: json => json.WriteString("needs", needs));

    private static PrincipalId? ViewerOf(Exchange exchange) => exchange.Principal().Grants.IsAdmin ? null : exchange.Principal().Id;

    private static long? IdOf(Exchange exchange) =>
        long.TryParse(exchange.Values.FirstSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id : null;

    /// <summary>What <c>If-Match</c> says, for the transaction to ask.</summary>
    private static Func<BotInfo, bool>? Expected(Exchange exchange)
    {
        var ifMatch = exchange.Request.Headers.IfMatch;
        return ifMatch.Count == 0 ? null : bot => EntityTag.AllowsChange(ifMatch, BotJson.TagOf(bot));
    }
}
