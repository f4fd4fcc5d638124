using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>
/// Lets pages of the configured origins read answers (the Fetch standard's CORS protocol). Without it the browser opens the request and
/// keeps the answer from the page. Credentials are keys, not cookies, so <c>Access-Control-Allow-Credentials</c> is never sent.
/// </summary>
internal sealed class CrossOrigin(IReadOnlyCollection<string> allowedOrigins)
{
    /// <summary>What a page may add to a request: the two credentials and where to resume from.</summary>
    private const string RequestHeaders = "Authorization, X-API-Key, Last-Event-ID";

    /// <summary>The GET route with its errors readable from those origins, and the answer to the browser's question before it (a preflight).</summary>
    public IEnumerable<HttpRoute> Open(HttpRoute route) =>
    [
        route with { Handler = exchange => HandleAsync(exchange, route.Handler) },
        new HttpRoute("OPTIONS", route.Template, AnswerPreflightAsync, route.Name + "_preflight"),
    ];

    private Task HandleAsync(Exchange exchange, Func<Exchange, Task> handler)
    {
        Allow(exchange);
        return handler(exchange);
    }

    private Task AnswerPreflightAsync(Exchange exchange)
    {
        exchange.Response.StatusCode = StatusCodes.Status204NoContent;
        exchange.Response.Headers.Allow = "GET, OPTIONS";
        if (Allow(exchange))
        {
            exchange.Response.Headers.AccessControlAllowMethods = "GET";
            exchange.Response.Headers.AccessControlAllowHeaders = RequestHeaders;
        }

        return Task.CompletedTask;
    }

    /// <summary>Names the one origin that asked, never <c>*</c>; nothing to any other.</summary>
    private bool Allow(Exchange exchange)
    {
        var origin = exchange.Request.Headers.Origin;
        if (origin is not [{ Length: > 0 } asking] || !allowedOrigins.Contains(asking, StringComparer.OrdinalIgnoreCase))
        {
            return false;
        }

        exchange.Response.Headers.AccessControlAllowOrigin = asking;
        exchange.Response.Headers.Vary = "Origin";
        return true;
    }
}
