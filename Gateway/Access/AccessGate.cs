using System.Globalization;
using Gateway.Http;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Access;

/// <summary>
/// The one door of every route that needs a credential: who asks, then whether he may. What a route needs stands in the route table, so a
/// handler cannot forget to ask, and a route cannot be added without saying.
/// </summary>
/// <param name="denials">Where refusals are noted; null: nowhere.</param>
/// <param name="readFresh">Reads permissions at once; false: they cannot be read. Asked before somebody is refused, so that a change holds for the next call.</param>
/// <param name="limiter">Null: calls are limited all the same, but nobody notes when keys were used.</param>
internal sealed class AccessGate(AccessControl access, Func<Task<bool>> readFresh, AuditDenials? denials = null, RateLimiter? limiter = null)
{
    private readonly RateLimiter limiter = limiter ?? new RateLimiter(usage: null, TimeProvider.System);

    /// <summary>The route with the check before its handler. Throws for a need that is no permission: a mistake in the route table.</summary>
    public HttpRoute Protect(HttpRoute route)
    {
        if (route.AdmitsItself || route.Needs is RouteNeeds.Public or RouteNeeds.Secret) return route;
        var needed = Permission.None;
        if (route.Needs != RouteNeeds.Authenticated && !PermissionNames.TryParse(route.Needs, out needed))
            throw new ArgumentException($"Route {route.Method} {route.Template} needs {route.Needs}, which is no permission.");
        // What handlers refuse themselves, by rights on bots and chats. Where any good credential will do, the handler notes what it refuses.
        var mayRefuse = route.Method != "GET" || route.IsStream
            || route.Document?.Errors.Any(error => error.Status is StatusCodes.Status403Forbidden or StatusCodes.Status404NotFound) == true;
        var noted = needed != Permission.None && mayRefuse ? route with { Handler = exchange => RunNotedAsync(exchange, route, needed) } : route;
        // One for the route, not one for each request.
        Func<Exchange, ValueTask<bool>> again = exchange => AdmitAgainAsync(exchange, route, needed);
        return route with
        {
            Handler = exchange =>
            {
                exchange.AdmitAgain = again;
                return EnterAsync(exchange, noted, needed);
            },
        };
    }

    private Task EnterAsync(Exchange exchange, HttpRoute route, Permission needed)
    {
        var authenticating = access.AuthenticateAsync(exchange.Request, route.IsStream, exchange.Aborted);
        return authenticating.IsCompletedSuccessfully
            ? AdmitAsync(exchange, route, needed, authenticating.Result)
            : WaitAsync(exchange, route, needed, authenticating);
    }

    private async Task WaitAsync(Exchange exchange, HttpRoute route, Permission needed, ValueTask<AuthenticationOutcome> authenticating) =>
        await AdmitAsync(exchange, route, needed, await authenticating);

    private Task AdmitAsync(Exchange exchange, HttpRoute route, Permission needed, AuthenticationOutcome outcome)
    {
        if (outcome is not { Status: AuthenticationStatus.Accepted, Principal: { } principal }) return DenyAsync(exchange, route, outcome.Status);
        var budget = limiter.Take(principal);
        if (!budget.IsAllowed) return RateReply.RefuseAsync(exchange, budget);
        RateReply.SetHeaders(exchange.Response, budget);
        // A stream opens all the same and holds its events until permissions can be read.
        if (!access.IsCurrent && !route.IsStream) return RefuseAsync(exchange, AuthenticationStatus.Unavailable);
        exchange.Caller = principal;
        return principal.Has(needed) ? route.Handler(exchange) : LookAgainAsync(exchange, route, needed, principal);
    }

    private async Task RunNotedAsync(Exchange exchange, HttpRoute route, Permission needed)
    {
        await route.Handler(exchange);
        // After the answer and in memory: whether there is something to note must not be seen in how long the answer took.
        var status = exchange.Response.StatusCode;
        if (status == StatusCodes.Status404NotFound && exchange.Hidden is { } hidden)
            denials?.Note(exchange.Actor(), route.Name, hidden.Type, hidden.Id.ToString(CultureInfo.InvariantCulture));
        // Who lost the permission meanwhile was noted where that was found.
        if (status == StatusCodes.Status403Forbidden && exchange.Principal().Has(needed)) denials?.Note(exchange.Actor(), route.Name, "path", exchange.Request.Path.Value ?? "");
    }

    private async Task LookAgainAsync(Exchange exchange, HttpRoute route, Permission needed, Principal principal)
    {
        if (await MayAsync(exchange, route, needed, principal)) await route.Handler(exchange);
    }

    private async ValueTask<bool> AdmitAgainAsync(Exchange exchange, HttpRoute route, Permission needed)
    {
        var principal = exchange.Principal();
        return (access.IsCurrent && !principal.IsRevoked && principal.Has(needed)) || await MayAsync(exchange, route, needed, principal);
    }

    /// <summary>Whether the principal may now; false: it was answered.</summary>
    private async Task<bool> MayAsync(Exchange exchange, HttpRoute route, Permission needed, Principal principal)
    {
        if (!await readFresh()) await RefuseAsync(exchange, AuthenticationStatus.Unavailable);
        else if (principal.IsRevoked) await DenyAsync(exchange, route, AuthenticationStatus.Rejected);
        else if (principal.Has(needed)) return true;
        else await ForbidAsync(exchange, route);
        return false;
    }

    /// <summary>Who it was is not known, so all wrong credentials from one address are one line a minute.</summary>
    private Task DenyAsync(Exchange exchange, HttpRoute route, AuthenticationStatus status)
    {
        if (status is not AuthenticationStatus.Unavailable) denials?.Note(exchange.Stranger(), AuditDenials.Credential, "route", route.Name);
        return RefuseAsync(exchange, status);
    }

    private Task ForbidAsync(Exchange exchange, HttpRoute route)
    {
        denials?.Note(exchange.Actor(), route.Name, "permission", route.Needs);
        return ForbidAsync(exchange, route.Needs);
    }

    /// <summary>403 for a permission that the caller does not have. What concerns a chat he may not see is 404 instead, as if there were none.</summary>
    public static Task ForbidAsync(Exchange exchange, string needs)
    {
        return ErrorReply.WriteAsync(exchange, StatusCodes.Status403Forbidden, "FORBIDDEN", $"This needs the permission {needs}.",
            details: json => json.WriteString("needs", needs));
    }

    public static Task RefuseAsync(Exchange exchange, AuthenticationStatus status)
    {
        switch (status)
        {
            case AuthenticationStatus.Conflicting:
                return ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "CONFLICTING_CREDENTIALS", "Two different credentials are given.");
            case AuthenticationStatus.Unavailable:
                return ErrorReply.WriteAsync(
                    exchange, StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", "The credential cannot be checked now; try again.", Limits.Deliver.RetryAfter);
            default:
                // RFC 9110, 11.6.1: a 401 names a scheme.
                exchange.Response.Headers.WWWAuthenticate = "Bearer";
                return ErrorReply.WriteAsync(exchange, StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "The credential is missing or not valid.");
        }
    }
}
