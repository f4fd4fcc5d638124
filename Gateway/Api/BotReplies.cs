using Gateway.Http;
using Gateway.Ingest;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary>How calls about bots answer.</summary>
internal static class BotReplies
{
    public static readonly DocumentedError NoBot = new(404, "BOT_NOT_FOUND", "There is no such bot, or none that the caller may see.");
    public static readonly DocumentedError Foreign = new(409, "FOREIGN_WEBHOOK", "Another program has a webhook on the bot; `take_over` replaces it.");
    public static readonly DocumentedError Away = new(502, "UPSTREAM_UNAVAILABLE", "Telegram cannot be asked now; nothing was changed.");
    public static readonly DocumentedError Rejected = new(400, "TOKEN_REJECTED", "Telegram does not know the token.");
    public static readonly DocumentedError OfAnother = new(409, "TOKEN_OF_ANOTHER_BOT", "The token belongs to another bot.");
    public static readonly DocumentedError Unreadable = new(409, "TOKEN_UNREADABLE", "The stored token cannot be decrypted; give it again.");

    /// <summary>The same for a bot that does not exist and one that the caller may not see.</summary>
    public static Task NotFoundAsync(Exchange exchange) => FailAsync(exchange, new BotOutcome(BotChangeStatus.NotFound, null));

    /// <param name="isTokenGiven">Whether it is the request's own token that Telegram refuses.</param>
    public static Task FailAsync(Exchange exchange, BotOutcome outcome, bool isTokenGiven = false)
    {
        var status = outcome.Status switch
        {
            BotChangeStatus.NotFound => StatusCodes.Status404NotFound,
            BotChangeStatus.TokenRejected when isTokenGiven => StatusCodes.Status400BadRequest,
            BotChangeStatus.Changed => StatusCodes.Status412PreconditionFailed,
            BotChangeStatus.TelegramAway or BotChangeStatus.TelegramRefused => StatusCodes.Status502BadGateway,
            _ => StatusCodes.Status409Conflict,
        };
        var isTelegrams = outcome.Status is BotChangeStatus.TelegramAway or BotChangeStatus.TelegramRefused or BotChangeStatus.TokenRejected;
        return ErrorReply.WriteAsync(exchange, status, BotProblem.CodeOf(outcome.Status), BotProblem.TextOf(outcome),
            details: isTelegrams ? json => json.WriteString("telegram", outcome.Detail) : null);
    }
}
