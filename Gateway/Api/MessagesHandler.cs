using System.Globalization;
using Gateway.Access;
using Gateway.Http;
using Gateway.Log;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary>
/// Messages as the log has them, newest first. Every row is asked about in the caller's grants before it leaves, whatever found it (law L7).
/// </summary>
internal sealed class MessagesHandler(IMessageStore messages, ChatAccess chats, Func<Task<bool>> readFresh)
{
    private static readonly string[] Names = [.. CursorPage.Names, "q", "from_user_id", "thread_id", "message_type"];
    private static readonly QueryReader OfChat = new(Names), OfAll = new([.. Names, "chat_id"]);
    private static readonly string Read = PermissionNames.Of(Permission.MessagesRead);
    private static readonly DocumentedError NoMessage = new(404, "MESSAGE_NOT_FOUND", "There is no such message, or none that the caller may see.");
    private static readonly DocumentedError TooMany = new(400, "TOO_MANY_CHATS", $"The caller may read more than {Limits.Search.Scopes} chats and bots, or searches in more threads; name a chat, or a thread.");

    private const string Description = "By cursor: a page stays the same while messages arrive. A page may be empty and have a next one, where few of many events are messages that match.";

    public IEnumerable<HttpRoute> Routes =>
    [
        new("GET", "/api/v1/chats/{id}/messages", ListOfChatAsync, "chat_messages")
        {
            Needs = Read,
            Document = new("Messages of a chat, newest first")
            {
                Description = Description,
                Path = ChatShapes.Id,
                Query = MessageShapes.Filters,
                Answer = JsonShape.CursorPage("messages", MessageShapes.Message),
                Errors = [ChatAccess.NotFound, TooMany],
            },
        },
        new("GET", "/api/v1/messages", ListAsync, "messages")
        {
            Needs = Read,
            Document = new("Messages of all chats that the caller may read, newest first")
            {
                Description = Description,
                Query = [.. MessageShapes.Filters, new("chat_id", JsonKind.String, "Only of this chat: the gateway's id, or tg:<bot id>:<telegram chat id>.")],
                Answer = JsonShape.CursorPage("messages", MessageShapes.Message),
                Errors = [ChatAccess.NotFound, TooMany],
            },
        },
        new("GET", "/api/v1/messages/{id}", ShowAsync, "message")
        {
            Needs = Read,
            Document = new("One message")
            {
                Path = [new("id", JsonKind.Integer, "The gateway's id of the message.")],
                Answer = MessageShapes.Message,
                Errors = [NoMessage],
            },
        },
    ];

    private async Task ListOfChatAsync(Exchange exchange)
    {
        if (await ReadQueryAsync(exchange, OfChat) is not { } query) return;
        if (await chats.FindAsync(exchange, exchange.Values.First) is { } chat) await AnswerOfChatAsync(exchange, query, chat);
    }

    private async Task ListAsync(Exchange exchange)
    {
        if (await ReadQueryAsync(exchange, OfAll) is not { } query) return;
        if (OfAll.Read(exchange)["chat_id"] is { } name)
        {
            if (await chats.FindAsync(exchange, name) is { } chat) await AnswerOfChatAsync(exchange, query, chat);
            return;
        }

        var grants = exchange.Principal().Grants;
        if (grants.IsAdmin)
        {
            await AnswerAsync(exchange, query);
            return;
        }

        await AnswerAsync(exchange, query with { ChatIds = grants.ReadChats, BotIds = grants.ReadBots, Threads = ThreadsOf(grants, query) });
    }

    private Task AnswerOfChatAsync(Exchange exchange, MessageQuery query, ChatInfo chat)
    {
        var grants = exchange.Principal().Grants;
        return AnswerAsync(exchange, grants.CanRead(chat.BotId, chat.Id)
            ? query with { ChatIds = [chat.Id] }
            : query with { Threads = ThreadsOf(grants, query, chat.Id) });
    }

    private static HashSet<(long ChatId, long ThreadId)> ThreadsOf(Grants grants, MessageQuery query, long? chatId = null) =>
        [.. grants.ReadThreads().Where(each => (chatId ?? each.ChatId) == each.ChatId && (query.ThreadId ?? each.ThreadId) == each.ThreadId)];

    private async Task ShowAsync(Exchange exchange)
    {
        // Zero is no id, and asked for all the same: the way to 404 is one.
        var id = long.TryParse(exchange.Values.FirstSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var page = await messages.FindAsync(id, exchange.Aborted);
        if (page is null)
        {
            await UnavailableAsync(exchange);
            return;
        }

        var message = page.Messages.Count > 0 ? page.Messages[0] : null;
        if (message is null || !MayRead(exchange, message))
        {
            if (!await readFresh())
            {
                await AccessGate.RefuseAsync(exchange, AuthenticationStatus.Unavailable);
                return;
            }

            if (message is null || !MayRead(exchange, message))
            {
                if (message is not null) exchange.Hidden = ("message", message.Id);
                await ErrorReply.WriteAsync(exchange, StatusCodes.Status404NotFound, NoMessage.Code, "There is no such message.");
                return;
            }
        }

        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, message, MessageJson.Write);
    }

    /// <summary>Null when the request was answered.</summary>
    private static async Task<MessageQuery?> ReadQueryAsync(Exchange exchange, QueryReader reader)
    {
        var values = reader.Read(exchange);
        var errors = new ValidationErrors();
        if (values.Problem is { } problem)
        {
            await ValidationErrors.ReplyAsync(exchange, "query", problem);
            return null;
        }

        var page = CursorPage.Read(values, errors);
        SearchQuery? search = null;
        if (values["q"] is { } q && (search = SearchQuery.TryParse(q, out var wrong)) is null) errors.Add("q", wrong!);
        if (!values.TryGetLong("from_user_id", out var user)) errors.Add("from_user_id", "must be an integer");
        if (!values.TryGetLong("thread_id", out var thread)) errors.Add("thread_id", "must be an integer");
        var type = values["message_type"];
        if (type is { Length: 0 or > Limits.Ingest.KindBytes }) errors.Add("message_type", $"has 1 to {Limits.Ingest.KindBytes} characters");
        if (errors.IsEmpty) return new MessageQuery(page.Before, page.Limit) { Search = search, FromUserId = user, ThreadId = thread, MessageType = type };
        await errors.ReplyAsync(exchange);
        return null;
    }

    private async Task AnswerAsync(Exchange exchange, MessageQuery query)
    {
        // What it takes to look at them all; said of the caller's own grants, so it tells him nothing.
        var chatsAndThreads = query.Search is null ? query.WalkedChats.Count() : (query.ChatIds?.Count ?? 0) + (query.Threads?.Count ?? 0);
        if (chatsAndThreads + (query.BotIds?.Count ?? 0) > Limits.Search.Scopes)
        {
            await ErrorReply.WriteAsync(exchange, TooMany.Status, TooMany.Code, TooMany.When);
            return;
        }

        var page = await messages.ReadAsync(query with { MayRead = row => MayRead(exchange, row) }, exchange.Aborted);
        if (page is null)
        {
            await UnavailableAsync(exchange);
            return;
        }

        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, page, static (json, page) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("messages");
            foreach (var message in page.Messages) MessageJson.Write(json, message);
            json.WriteEndArray();
            CursorPage.Write(json, page.NextBeforeId is not null, page.NextBeforeId ?? 0);
            json.WriteEndObject();
        });
    }

    private static bool MayRead(Exchange exchange, MessageRow message) =>
        exchange.Principal().Grants.CanRead(message.BotId, message.ChatId, message.ThreadId ?? 0);

    private static Task UnavailableAsync(Exchange exchange) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", "The database does not answer now; try again.", Limits.Deliver.RetryAfter);
}
