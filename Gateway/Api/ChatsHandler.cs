using System.Globalization;
using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary><c>/api/v1/chats</c>. A chat is seen by who may read something of it and changed by who may manage it or its bot.</summary>
internal sealed class ChatsHandler(ChatQueries queries, ChatAdministration administration, ChatAccess access, Func<Task<bool>> readFresh)
{
    private const string Chats = "/api/v1/chats", One = "/api/v1/chats/{id}";

    private static readonly QueryReader Query = new([.. OffsetPage.Names, "bot_id", "q"]);
    private static readonly string Read = PermissionNames.Of(Permission.ChatsRead), Write = PermissionNames.Of(Permission.ChatsWrite);
    private static readonly DocumentedError Changed = new(412, "PRECONDITION_FAILED", "The chat is not as If-Match says.");

    public IEnumerable<HttpRoute> Routes =>
    [
        new("GET", Chats, ListAsync, "chats_list")
        {
            Needs = Read,
            Document = new("The chats that the caller may read")
            {
                Query = [.. OffsetPage.Document, new("bot_id", JsonKind.Integer, "Only of this bot."), new("q", JsonKind.String, "A part of the title, user name or label.")],
                Answer = JsonShape.OffsetPage("chats", ChatShapes.Chat),
            },
        },
        new("POST", Chats, AddAsync, "chats_add")
        {
            Needs = Write,
            Document = new("Add a chat that Telegram has not told of yet")
            {
                Description = "So that rights on it can be given before its first message. Needs the right to manage its bot.",
                Body = ChatShapes.NewChat,
                Answer = ChatShapes.Chat,
                Status = 201,
                Errors = [new(404, "BOT_NOT_FOUND", "There is no such bot, or none that the caller may see."), new(409, "CHAT_EXISTS", "The chat is here already; `details.id` names it to who may read it.")],
            },
        },
        new("GET", One, ShowAsync, "chats_get")
        {
            Needs = Read,
            Document = new("One chat")
            {
                Description = "A group that became a supergroup answers as itself, with `migrated_to`.",
                Path = ChatShapes.Id,
                Headers = [DocumentedParameter.IfNoneMatch],
                Answer = ChatShapes.Chat,
                Errors = [ChatAccess.NotFound],
            },
        },
        new("PATCH", One, ChangeAsync, "chats_change")
        {
            Needs = Write,
            Document = new("Label a chat") { Path = ChatShapes.Id, Headers = [DocumentedParameter.IfMatch], Body = ChatShapes.ChatChange, Answer = ChatShapes.Chat, Errors = [ChatAccess.NotFound, Changed] },
        },
    ];

    private async Task ListAsync(Exchange exchange)
    {
        var values = Query.Read(exchange);
        if (values.Problem is { } problem)
        {
            await ValidationErrors.ReplyAsync(exchange, "query", problem);
            return;
        }

        var errors = new ValidationErrors();
        var page = OffsetPage.Read(values, errors);
        if (!values.TryGetLong("bot_id", out var bot)) errors.Add("bot_id", "must be an integer");
        if (values["q"] is { Length: > Limits.Search.QueryCharacters }) errors.Add("q", $"has at most {Limits.Search.QueryCharacters} characters");
        if (!errors.IsEmpty)
        {
            await errors.ReplyAsync(exchange);
            return;
        }

        var principal = exchange.Principal();
        var filter = new ChatFilter(principal.Grants.IsAdmin ? null : principal.Id, bot, values["q"]);
        var (chats, total) = await queries.ListAsync(filter, page.Offset, page.Limit, exchange.Aborted);
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (chats, total, page), static (json, state) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("chats");
            foreach (var chat in state.chats) ChatJson.Write(json, chat);
            json.WriteEndArray();
            state.page.Write(json, state.total);
            json.WriteEndObject();
        });
    }

    private async Task ShowAsync(Exchange exchange)
    {
        if (await access.FindAsync(exchange, exchange.Values.First) is not { } chat) return;
        if (!EntityTag.IsNotModified(exchange, ChatJson.TagOf(chat))) await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, chat, ChatJson.Write);
    }

    private async Task AddAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, ChatShapes.NewChat) is not { } body) return;
        var (bot, telegramChat) = (body.Long("bot_id")!.Value, body.Long("telegram_chat_id")!.Value);
        if (telegramChat == 0)
        {
            await ValidationErrors.ReplyAsync(exchange, "telegram_chat_id", "must not be 0");
            return;
        }

        if (!exchange.Principal().Grants.CanManage(bot, 0) && !await readFresh())
        {
            await AccessGate.RefuseAsync(exchange, AuthenticationStatus.Unavailable);
            return;
        }

        if (!exchange.Principal().Grants.CanManage(bot, 0))
        {
            var isSeen = await queries.SeesBotAsync(exchange.Principal().Id, bot, exchange.Aborted);
            if (isSeen == false) exchange.Hidden = ("bot", bot);
            await (isSeen == true ? ChatAccess.ForbidAsync(exchange) : BotNotFoundAsync(exchange));
            return;
        }

        var added = await administration.AddAsync(exchange.Actor(), bot, telegramChat, body.String("label"), CancellationToken.None);
        switch (added.Status)
        {
            case ChatStatus.BotNotFound:
                await BotNotFoundAsync(exchange);
                return;
            case ChatStatus.Exists:
                // Who manages the bot has named the chat himself; what the gateway calls it is for who may read something of it.
                var isReadable = exchange.Principal().Grants.CanReadSome(bot, added.Chat!.Id);
                await ErrorReply.WriteAsync(exchange, StatusCodes.Status409Conflict, "CHAT_EXISTS", "The chat is here already.",
                    details: isReadable ? json => json.WriteNumber("id", added.Chat.Id) : null);
                return;
            default:
                exchange.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"{Chats}/{added.Chat!.Id}");
                await AnswerAsync(exchange, StatusCodes.Status201Created, added.Chat);
                return;
        }
    }

    private async Task ChangeAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, ChatShapes.ChatChange) is not { } body) return;
        if (await access.FindManagedAsync(exchange, exchange.Values.First) is not { } chat) return;
        var ifMatch = exchange.Request.Headers.IfMatch;
        var changed = await administration.SetLabelAsync(
            exchange.Actor(), chat.Id, now => body.Has("label") ? body.String("label") : now.Label,
            ifMatch.Count == 0 ? null : now => EntityTag.AllowsChange(ifMatch, ChatJson.TagOf(now)), CancellationToken.None);
        await (changed.Status switch
        {
            ChatStatus.NotFound => ChatAccess.NotFoundAsync(exchange),
            ChatStatus.Changed => ErrorReply.WriteAsync(exchange, Changed.Status, Changed.Code, Changed.When),
            _ => AnswerAsync(exchange, StatusCodes.Status200OK, changed.Chat!),
        });
    }

    private static Task AnswerAsync(Exchange exchange, int status, ChatInfo chat)
    {
        EntityTag.Set(exchange, ChatJson.TagOf(chat));
        return JsonReply.WriteAsync(exchange, status, chat, ChatJson.Write);
    }

    private static Task BotNotFoundAsync(Exchange exchange) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status404NotFound, "BOT_NOT_FOUND", "There is no such bot.");
}
