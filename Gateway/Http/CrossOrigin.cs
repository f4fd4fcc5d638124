using System.Globalization;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>
/// Lets pages of the configured origins use the API (the Fetch standard's CORS protocol): every route below <c>/api/v1</c>, whatever it answers,
/// refusals of the router included. Without it the browser opens the request and keeps the answer from the page. Credentials are keys and tokens
/// in headers, not cookies, so <c>Access-Control-Allow-Credentials</c> is never sent, and a page of another origin can send neither: a header of
/// its own needs a preflight first, which tells it nothing.
/// </summary>
internal sealed class CrossOrigin(IReadOnlyCollection<string> allowedOrigins)
{
    private const string ApiPrefix = "/api/v1/";

    /// <summary>What a page may add to a request: the two credentials, bodies, conditions, and where to resume from.</summary>
    private const string RequestHeaders =
        "Authorization, X-API-Key, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, Prefer";

    /// <summary>What a page may read of an answer besides its body and type.</summary>
    private const string AnswerHeaders =
        "ETag, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, Allow, Location, WWW-Authenticate";

    private static readonly string PreflightAge = Limits.Http.PreflightAge.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    /// <summary>Names the one origin that asked, never <c>*</c>; nothing to any other. Before the handler, so that an answer that streams has it too.</summary>
    /// <returns>True when the answer may be read by who asks.</returns>
    public bool Apply(HttpContext context)
    {
        if (allowedOrigins.Count == 0 || !context.Request.Path.Value.AsSpan().StartsWith(ApiPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        // To every asker: a cache must not give one origin the answer that another one got.
        context.Response.Headers.Vary = "Origin";
        if (context.Request.Headers.Origin is not [{ Length: > 0 } asking] || !allowedOrigins.Contains(asking, StringComparer.OrdinalIgnoreCase))
        {
            return false;
        }

        context.Response.Headers.AccessControlAllowOrigin = asking;
        context.Response.Headers.AccessControlExposeHeaders = AnswerHeaders;
        return true;
    }

    /// <summary>The browser's question before a request that a form could not have sent.</summary>
    public static void AllowRequest(HttpContext context, string methods)
    {
        context.Response.Headers.Remove("Access-Control-Expose-Headers");
        context.Response.Headers.AccessControlAllowMethods = methods;
        context.Response.Headers.AccessControlAllowHeaders = RequestHeaders;
        context.Response.Headers.AccessControlMaxAge = PreflightAge;
    }
}
