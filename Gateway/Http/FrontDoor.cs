using System.Data.Common;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Http;

/// <summary>The HTTP port's one request delegate: finds the handler, and is the catch-all of every request.</summary>
internal sealed class FrontDoor(Router router, ILogger<FrontDoor> logger, CrossOrigin? crossOrigin = null, TrustedProxies? proxies = null)
{
    public Task HandleAsync(HttpContext context)
    {
        // "OPTIONS *" has no path.
        var match = router.Match(context.Request.Method, context.Request.Path.Value ?? "");
        var exchange = new Exchange(context, match.Values, proxies: proxies);
        if (RequestPath.HasDotSegments(context))
        {
            return ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "BAD_PATH", "A path with dot segments is not resolved here: send it without.");
        }

        var isAllowedOrigin = crossOrigin is not null && crossOrigin.Apply(context);
        return match.Route is { } route ? RunAsync(route, exchange) : RefuseAsync(exchange, in match, isAllowedOrigin);
    }

    private Task RunAsync(HttpRoute route, Exchange exchange)
    {
        try
        {
            // Most handlers of small answers are done here, and then there is nothing to await.
            var task = route.Handler(exchange);
            return task.IsCompletedSuccessfully ? Task.CompletedTask : GuardAsync(task, route, exchange);
        }
        catch (Exception failure)
        {
            return FailAsync(failure, route, exchange);
        }
    }

    private async Task GuardAsync(Task task, HttpRoute route, Exchange exchange)
    {
        try
        {
            await task;
        }
        catch (Exception failure)
        {
            await FailAsync(failure, route, exchange);
        }
    }

    private Task FailAsync(Exception failure, HttpRoute route, Exchange exchange)
    {
        if (exchange.Aborted.IsCancellationRequested && failure is OperationCanceledException or IOException)
        {
            HttpLog.RequestAborted(logger, exchange.RequestId, route.Name);
            return Task.CompletedTask;
        }

        if (failure is BadHttpRequestException invalid)
        {
            HttpLog.RequestInvalid(logger, exchange.RequestId, route.Name, invalid.Message);
            return ErrorReply.WriteAsync(exchange, invalid.StatusCode, "BAD_REQUEST", "The request is not valid HTTP.");
        }

        HttpLog.RequestFailed(logger, failure, exchange.RequestId, route.Name);
        HttpTelemetry.Failures.Add(1);
        if (failure is DbException)
        {
            // Handlers of the control API let it come here: what cannot be asked or done now is 503 on every route alike.
            return ErrorReply.WriteAsync(exchange, StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", "The database does not answer now; try again.",
                Limits.Http.RetryAfter);
        }

        return ErrorReply.WriteAsync(exchange, StatusCodes.Status500InternalServerError, "INTERNAL",
            "The gateway failed at this request. The log has the reason under the request id.");
    }

    private static Task RefuseAsync(Exchange exchange, in RouteMatch match, bool isAllowedOrigin)
    {
        switch (match.Status)
        {
            case RouteStatus.Options:
                exchange.Response.StatusCode = StatusCodes.Status204NoContent;
                exchange.Response.Headers.Allow = match.Allow;
                if (isAllowedOrigin) CrossOrigin.AllowRequest(exchange.Context, match.Allow!);
                return Task.CompletedTask;
            case RouteStatus.MethodNotAllowed:
                exchange.Response.Headers.Allow = match.Allow;
                return ErrorReply.WriteAsync(exchange, StatusCodes.Status405MethodNotAllowed, "METHOD_NOT_ALLOWED", $"Allowed here: {match.Allow}.");
            default:
                return ErrorReply.NotFoundAsync(exchange);
        }
    }
}
