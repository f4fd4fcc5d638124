using Gateway.Access;
using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary>
/// Who sees a chat: whoever may read something of it. One that does not exist and one that the caller does not see take the same way to the same
/// answer: one statement, one fresh look at the grants, one 404.
/// </summary>
/// <param name="readFresh">Reads permissions at once; false: they cannot be read.</param>
internal sealed class ChatAccess(ChatQueries chats, Func<Task<bool>> readFresh)
{
    public static readonly DocumentedError NotFound = new(404, "CHAT_NOT_FOUND", "There is no such chat, or none that the caller may see.");

    public static readonly DocumentedError PartOnly = new(403, "FORBIDDEN", "This needs the right to read the whole chat.");

    /// <summary>Null when the request was answered.</summary>
    public async Task<ChatInfo?> FindAsync(Exchange exchange, string? text)
    {
        var name = text is null ? null : ChatName.TryParse(text);
        var chat = name is { } known ? await chats.FindAsync(known, exchange.Aborted) : null;
        if (chat is not null && Sees(exchange, chat)) return chat;
        // The grant may be a moment old.
        if (!await readFresh())
        {
            await AccessGate.RefuseAsync(exchange, AuthenticationStatus.Unavailable);
            return null;
        }

        if (chat is not null && Sees(exchange, chat)) return chat;
        if (chat is not null) exchange.Hidden = ("chat", chat.Id);
        await NotFoundAsync(exchange);
        return null;
    }

    /// <summary>Null when the request was answered: 403 for a chat that the caller sees and may not manage.</summary>
    public Task<ChatInfo?> FindManagedAsync(Exchange exchange, string? text) =>
        FindAsync(exchange, text, static (grants, chat) => grants.CanManage(chat.BotId, chat.Id), ForbidAsync);

    /// <summary>Null when the request was answered: 403 for a chat of which the caller sees single threads.</summary>
    public Task<ChatInfo?> FindWholeAsync(Exchange exchange, string? text) =>
        FindAsync(exchange, text, static (grants, chat) => grants.CanRead(chat.BotId, chat.Id), ForbidPartAsync);

    private async Task<ChatInfo?> FindAsync(Exchange exchange, string? text, Func<Grants, ChatInfo, bool> may, Func<Exchange, Task> forbidAsync)
    {
        if (await FindAsync(exchange, text) is not { } chat) return null;
        if (may(exchange.Principal().Grants, chat)) return chat;
        var isKnown = await readFresh();
        if (isKnown && may(exchange.Principal().Grants, chat)) return chat;
        await (isKnown ? forbidAsync(exchange) : AccessGate.RefuseAsync(exchange, AuthenticationStatus.Unavailable));
        return null;
    }

    public static Task NotFoundAsync(Exchange exchange) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status404NotFound, "CHAT_NOT_FOUND", "There is no such chat.");

    public static Task ForbidAsync(Exchange exchange) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status403Forbidden, "FORBIDDEN", "This needs the right to manage the chat.",
            details: json => json.WriteString("needs", "can_manage"));

    private static Task ForbidPartAsync(Exchange exchange) =>
        ErrorReply.WriteAsync(exchange, PartOnly.Status, PartOnly.Code, PartOnly.When,
            details: json => json.WriteString("needs", "can_read"));

    private static bool Sees(Exchange exchange, ChatInfo chat) => exchange.Principal().Grants.CanReadSome(chat.BotId, chat.Id);
}
