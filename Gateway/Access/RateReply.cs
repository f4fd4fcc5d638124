using System.Globalization;
using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Access;

/// <summary>How a budget is told over HTTP: three headers on every answer to a known caller, and 429 when there is nothing left.</summary>
internal static class RateReply
{
    public const string LimitHeader = "X-RateLimit-Limit";
    public const string RemainingHeader = "X-RateLimit-Remaining";

    /// <summary>Whole seconds until the budget is full again.</summary>
    public const string ResetHeader = "X-RateLimit-Reset";

    public static void SetHeaders(HttpResponse response, in RateDecision decision)
    {
        response.Headers[LimitHeader] = Text(decision.Limit);
        response.Headers[RemainingHeader] = Text(decision.Remaining);
        response.Headers[ResetHeader] = Text((long)Math.Ceiling(decision.UntilFull.TotalSeconds));
    }

    public static Task RefuseAsync(Exchange exchange, in RateDecision decision)
    {
        SetHeaders(exchange.Response, decision);
        var seconds = RetryAfter.Seconds(decision.RetryAfter);
        return ErrorReply.WriteAsync(
            exchange, StatusCodes.Status429TooManyRequests, "RATE_LIMITED", "Too many calls; this one was not done.", decision.RetryAfter,
            json => json.WriteNumber("retry_after", seconds));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
