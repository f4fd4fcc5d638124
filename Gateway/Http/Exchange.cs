using System.Net;
using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>One request and its answer, with what the router found. Handlers take nothing else.</summary>
internal sealed class Exchange(HttpContext context, RouteValues values, string? requestId = null, TrustedProxies? proxies = null)
{
    private string? requestId = requestId;
    private IPAddress? clientAddress;

    public HttpContext Context { get; } = context;

    /// <summary>The parts of the path that the route names; percent escapes were resolved once, by the server.</summary>
    public RouteValues Values { get; } = values;

    /// <summary>In every error body and log line of this request. Made when it is asked for: most requests end well and need none.</summary>
    public string RequestId => requestId ??= Context.TraceIdentifier;

    /// <summary>Where the request comes from, behind the operator's own proxies too; looked up when it is asked for. Null: the connection has none.</summary>
    public IPAddress? ClientAddress => clientAddress ??= (proxies ?? TrustedProxies.None).ClientOf(Context);

    /// <summary>Who asks; set by the access gate before the handler of a route that needs a credential runs. This folder does not know principals.</summary>
    public object? Caller { get; set; }

    /// <summary>
    /// Asks the gate once more, for whoever waited for the client since; false: it was answered with an error. Null where no credential is needed.
    /// </summary>
    public Func<Exchange, ValueTask<bool>>? AdmitAgain { get; set; }

    /// <summary>
    /// What was answered as if it were not there, because the caller may not see it; null: nothing. For whoever notes denials once the answer is
    /// written: no byte of the answer depends on it.
    /// </summary>
    public (string Type, long Id)? Hidden { get; set; }

    public HttpRequest Request => Context.Request;
    public HttpResponse Response => Context.Response;
    public CancellationToken Aborted => Context.RequestAborted;
}
