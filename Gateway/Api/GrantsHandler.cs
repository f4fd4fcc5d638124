using System.Globalization;
using Gateway.Access;
using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary>
/// What keys and users may do where: <c>/api/v1/apikeys/{id}/…</c> and <c>/api/v1/users/{id}/…</c>. A bot or chat that the caller may not see is
/// answered, and left out of lists, as if there were none.
/// </summary>
/// <param name="readFresh">Reads permissions at once, so that a change holds for the next call.</param>
internal sealed class GrantsHandler(
    GrantAdministration grants, GrantQueries queries, FeedbackAdministration feedback, ApiKeyQueries keys, UserQueries users, Func<Task<bool>> readFresh)
{
    private static readonly DocumentedParameter KeyId = new("id", JsonKind.Integer, "The key's id.");
    private static readonly DocumentedParameter UserId = new("id", JsonKind.Integer, "The user's id.");
    private static readonly DocumentedParameter BotId = new("bot_id", JsonKind.Integer, "The bot's id.");
    private static readonly DocumentedParameter ChatId = new("chat_id", JsonKind.String, "The gateway's chat id, or tg:<bot_id>:<telegram_chat_id>.");
    private static readonly DocumentedParameter ThreadId = new("thread_id", JsonKind.Integer, "Only the right on this thread; absent: on the chat and all its threads.");
    private static readonly DocumentedError KeyNotFound = new(404, "APIKEY_NOT_FOUND", "There is no such API key in use.");
    private static readonly DocumentedError UserNotFound = new(404, "USER_NOT_FOUND", "There is no such user.");
    private static readonly DocumentedError BotNotFound = new(404, "BOT_NOT_FOUND", "There is no such bot.");
    private static readonly DocumentedError ChatNotFound = new(404, "CHAT_NOT_FOUND", "There is no such chat.");
    private static readonly DocumentedError NotGranted = new(404, "GRANT_NOT_FOUND", "Nothing is granted there.");
    private static readonly DocumentedError NotManaged = new(403, "FORBIDDEN", "This needs the right to manage it.");
    private static readonly DocumentedError Exceeds = new(403, "EXCEEDS_AUTHORITY", "The caller does not have all of these rights there.");

    private readonly QueryReader threadQuery = new("thread_id");

    public IEnumerable<HttpRoute> Routes =>
    [
        .. Of("apikeys", PrincipalKind.ApiKey, KeyId, GrantShapes.OfKey, KeyNotFound),
        .. Of("users", PrincipalKind.User, UserId, GrantShapes.OfUser, UserNotFound),
        new("PUT", "/api/v1/apikeys/{id}/feedback/{chat_id}", exchange => FeedbackAsync(exchange, isAdd: true), "apikeys_feedback_add")
        {
            Needs = PermissionNames.Of(Permission.PermissionsWrite),
            Document = new("Let a chat push to a key") { Path = [KeyId, ChatId], Answer = GrantShapes.OfFeedback, Errors = [NotManaged, KeyNotFound, ChatNotFound] },
        },
        new("DELETE", "/api/v1/apikeys/{id}/feedback/{chat_id}", exchange => FeedbackAsync(exchange, isAdd: false), "apikeys_feedback_remove")
        {
            Needs = PermissionNames.Of(Permission.PermissionsWrite),
            Document = new("Let a chat no longer push to a key") { Path = [KeyId, ChatId], Status = 204, Errors = [NotManaged, ChatNotFound, NotGranted] },
        },
    ];

    private IEnumerable<HttpRoute> Of(string things, PrincipalKind kind, DocumentedParameter id, JsonShape answer, DocumentedError notFound)
    {
        var read = PermissionNames.Of(Permission.PermissionsRead);
        var write = PermissionNames.Of(Permission.PermissionsWrite);
        return
        [
            new("GET", $"/api/v1/{things}/{{id}}/grants", exchange => ListAsync(exchange, kind), $"{things}_grants")
            {
                Needs = read,
                Document = new("List rights on bots and chats") { Path = [id], Answer = answer, Errors = [notFound] },
            },
            new("PUT", $"/api/v1/{things}/{{id}}/bots/{{bot_id}}", exchange => SetBotAsync(exchange, kind), $"{things}_bots_set")
            {
                Needs = write,
                Document = new("Set the rights in all chats of a bot")
                    { Path = [id, BotId], Body = GrantShapes.SetBot, Answer = GrantShapes.OfBot, Errors = [NotManaged, Exceeds, notFound, BotNotFound] },
            },
            new("DELETE", $"/api/v1/{things}/{{id}}/bots/{{bot_id}}", exchange => RemoveBotAsync(exchange, kind), $"{things}_bots_remove")
            {
                Needs = write,
                Document = new("Take back the rights in all chats of a bot") { Path = [id, BotId], Status = 204, Errors = [NotManaged, BotNotFound, NotGranted] },
            },
            new("PUT", $"/api/v1/{things}/{{id}}/chats/{{chat_id}}", exchange => SetChatAsync(exchange, kind), $"{things}_chats_set")
            {
                Needs = write,
                Document = new("Set the rights in a chat, or in a thread of it")
                    { Path = [id, ChatId], Body = GrantShapes.SetChat, Answer = GrantShapes.OfChat, Errors = [NotManaged, Exceeds, notFound, ChatNotFound] },
            },
            new("DELETE", $"/api/v1/{things}/{{id}}/chats/{{chat_id}}", exchange => RemoveChatAsync(exchange, kind), $"{things}_chats_remove")
            {
                Needs = write,
                Document = new("Take back the rights in a chat") { Path = [id, ChatId], Query = [ThreadId], Status = 204, Errors = [NotManaged, ChatNotFound, NotGranted] },
            },
        ];
    }

    private async Task ListAsync(Exchange exchange, PrincipalKind kind)
    {
        var of = PrincipalOf(exchange, kind);
        var isThere = kind == PrincipalKind.ApiKey ? await keys.FindAsync(of.Id, exchange.Aborted) is not null : await users.FindAsync(of.Id, exchange.Aborted) is not null;
        if (!isThere)
        {
            await ReplyAsync(exchange, kind == PrincipalKind.ApiKey ? KeyNotFound : UserNotFound);
            return;
        }

        var seen = exchange.Principal().Grants;
        var list = await queries.ListAsync(of, exchange.Aborted);
        var pushing = kind == PrincipalKind.ApiKey ? await queries.FeedbackAsync(of.Id, exchange.Aborted) : null;
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (seen, list, pushing), static (json, answer) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("bots");
            foreach (var grant in answer.list.Where(each => each.ChatId is null && (answer.seen.IsAdmin || answer.seen.Bots.ContainsKey(each.BotId))))
                GrantShapes.WriteBot(json, (grant.BotId, grant.Rights));
            json.WriteEndArray();
            json.WriteStartArray("chats");
            foreach (var grant in answer.list.Where(each => each.ChatId is { } chat && answer.seen.CanRead(each.BotId, chat)))
                GrantShapes.WriteChat(json, (grant.ChatId!.Value, grant.BotId, grant.ThreadId, grant.Rights));
            json.WriteEndArray();
            if (answer.pushing is not null)
            {
                json.WriteStartArray("feedback");
                foreach (var chat in answer.pushing.Where(each => answer.seen.CanRead(each.BotId, each.ChatId))) GrantShapes.WriteFeedback(json, chat);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        });
    }

    private async Task SetBotAsync(Exchange exchange, PrincipalKind kind)
    {
        if (await ReadRightsAsync(exchange, GrantShapes.SetBot) is not { } body) return;
        var target = GrantTarget.Bot(IdOf(exchange.Values.Second) ?? 0);
        var outcome = await grants.SetAsync(exchange.Actor(), exchange.Principal().Grants, PrincipalOf(exchange, kind), target, GrantShapes.Read(body), exchange.Aborted);
        if (!await IsDoneAsync(exchange, kind, outcome)) return;
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (outcome.BotId, outcome.Rights), GrantShapes.WriteBot);
    }

    private async Task SetChatAsync(Exchange exchange, PrincipalKind kind)
    {
        if (await ReadRightsAsync(exchange, GrantShapes.SetChat) is not { } body) return;
        if (ChatName.TryParse(exchange.Values.Second!) is not { } chat)
        {
            await ReplyAsync(exchange, ChatNotFound);
            return;
        }

        var thread = body.Long("thread_id") ?? 0;
        var outcome = await grants.SetAsync(
            exchange.Actor(), exchange.Principal().Grants, PrincipalOf(exchange, kind), GrantTarget.InChat(chat, thread), GrantShapes.Read(body), exchange.Aborted);
        if (!await IsDoneAsync(exchange, kind, outcome)) return;
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (outcome.ChatId, outcome.BotId, thread, outcome.Rights), GrantShapes.WriteChat);
    }

    private Task RemoveBotAsync(Exchange exchange, PrincipalKind kind) =>
        RemoveAsync(exchange, kind, GrantTarget.Bot(IdOf(exchange.Values.Second) ?? 0), null);

    private Task RemoveChatAsync(Exchange exchange, PrincipalKind kind)
    {
        var query = threadQuery.Read(exchange);
        if (query.Problem is { } problem) return ValidationErrors.ReplyAsync(exchange, "query", problem);
        if (!query.TryGetLong("thread_id", out var thread) || thread is < 0) return ValidationErrors.ReplyAsync(exchange, "thread_id", "must be an integer from 0");
        return ChatName.TryParse(exchange.Values.Second!) is { } chat
            ? RemoveAsync(exchange, kind, GrantTarget.InChat(chat), thread)
            : ReplyAsync(exchange, ChatNotFound);
    }

    private async Task RemoveAsync(Exchange exchange, PrincipalKind kind, GrantTarget target, long? threadId)
    {
        var outcome = await grants.RemoveAsync(exchange.Actor(), exchange.Principal().Grants, PrincipalOf(exchange, kind), target, threadId, exchange.Aborted);
        if (await IsDoneAsync(exchange, kind, outcome)) exchange.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task FeedbackAsync(Exchange exchange, bool isAdd)
    {
        if (ChatName.TryParse(exchange.Values.Second!) is not { } chat)
        {
            await ReplyAsync(exchange, ChatNotFound);
            return;
        }

        var (actor, giver, key) = (exchange.Actor(), exchange.Principal().Grants, PrincipalOf(exchange, PrincipalKind.ApiKey).Id);
        var outcome = isAdd
            ? await feedback.AddAsync(actor, giver, key, chat, exchange.Aborted)
            : await feedback.RemoveAsync(actor, giver, key, chat, exchange.Aborted);
        if (!await IsDoneAsync(exchange, PrincipalKind.ApiKey, outcome)) return;
        if (isAdd) await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (outcome.ChatId, outcome.BotId), GrantShapes.WriteFeedback);
        else exchange.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async ValueTask<JsonBody?> ReadRightsAsync(Exchange exchange, JsonShape shape)
    {
        if (await JsonBody.ReadAsync(exchange, shape) is not { } body) return null;
        if (GrantShapes.Read(body) != ChatRights.None) return body;
        await ValidationErrors.ReplyAsync(exchange, "can_read", "must be true, or can_send or can_manage; DELETE takes rights back");
        return null;
    }

    /// <summary>False: the request was answered with an error.</summary>
    private async ValueTask<bool> IsDoneAsync(Exchange exchange, PrincipalKind kind, GrantOutcome outcome)
    {
        if (outcome.Status == GrantStatus.Done)
        {
            await readFresh();
            return true;
        }

        if (outcome.IsHidden) exchange.Hidden = outcome.Status == GrantStatus.BotNotFound ? ("bot", outcome.BotId) : ("chat", outcome.ChatId);
        await ReplyAsync(exchange, outcome.Status switch
        {
            GrantStatus.NotGranted => NotGranted,
            GrantStatus.PrincipalNotFound => kind == PrincipalKind.ApiKey ? KeyNotFound : UserNotFound,
            GrantStatus.BotNotFound => BotNotFound,
            GrantStatus.NotManaged => NotManaged,
            GrantStatus.NotHeld => Exceeds,
            _ => ChatNotFound,
        });
        return false;
    }

    /// <summary>Zero, which nobody has, for what is no id.</summary>
    private static PrincipalId PrincipalOf(Exchange exchange, PrincipalKind kind) => new(kind, IdOf(exchange.Values.First) ?? 0);

    private static long? IdOf(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id : null;

    private static Task ReplyAsync(Exchange exchange, DocumentedError error) => ErrorReply.WriteAsync(exchange, error.Status, error.Code, error.When);
}
