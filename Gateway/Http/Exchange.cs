using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>One request and its answer, with what the router found. Handlers take nothing else.</summary>
internal sealed class Exchange(HttpContext context, RouteValues values, string requestId)
{
    public HttpContext Context { get; } = context;

    /// <summary>The parts of the path that the route names, undecoded percent escapes resolved once.</summary>
    public RouteValues Values { get; } = values;

    /// <summary>In every error body and log line of this request.</summary>
    public string RequestId { get; } = requestId;

    public HttpRequest Request => Context.Request;
    public HttpResponse Response => Context.Response;
    public CancellationToken Aborted => Context.RequestAborted;
}

/// <summary>At most two path parameters; no route needs more.</summary>
internal readonly record struct RouteValues(string? First, string? Second);
