using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver;

/// <summary>What SSE and pull check before they answer 200, behind the access gate: the subscription. Answers errors itself.</summary>
internal sealed class StreamAdmission(Hub hub)
{
    /// <returns>Null when the request was answered with an error.</returns>
    public async ValueTask<(Principal Principal, ResolvedSubscription Resolved)?> AdmitAsync(Exchange exchange, SubscriptionParse parse)
    {
        var principal = exchange.Principal();
        if (parse.Request is not { } request)
        {
            await RefuseAsync(exchange, parse.Error!);
            return null;
        }

        var resolved = await hub.ResolveAsync(principal, request, exchange.Aborted);
        if (resolved.Error is { } error)
        {
            exchange.Hidden = error.Hidden;
            await RefuseAsync(exchange, error);
            return null;
        }

        return (principal, resolved);
    }

    public static Task RefuseAsync(Exchange exchange, RequestError error) => error.Code switch
    {
        "UNAVAILABLE" or "CLOSED" => ErrorReply.WriteAsync(
            exchange, StatusCodes.Status503ServiceUnavailable, error.Code, error.Message, Limits.Deliver.RetryAfter),
        "CHAT_NOT_FOUND" or "BOT_NOT_FOUND" => ErrorReply.WriteAsync(exchange, StatusCodes.Status404NotFound, error.Code, error.Message),
        _ => ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, error.Code, error.Message),
    };
}
