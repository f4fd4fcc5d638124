namespace Gateway.Http;

/// <summary>One line of the route table. (ASP.NET has a Route of its own in every file by implicit using.)</summary>
/// <param name="Method">GET, POST, PUT, PATCH or DELETE; CONNECT for a WebSocket over HTTP/2.</param>
/// <param name="Template">Like <c>/api/v1/chats/{id}</c>: segments compared exactly, at most two parameters, each a whole segment.</param>
/// <param name="Name">In logs and metrics instead of the path, which may hold a secret.</param>
internal sealed record HttpRoute(string Method, string Template, Func<Exchange, Task> Handler, string Name)
{
    /// <summary>Who may call it: one of <see cref="RouteNeeds"/>, or the name of a permission as <c>bots:read</c>. Nothing is open by omission.</summary>
    public required string Needs { get; init; }

    /// <summary>The answer goes on until someone ends it: no HEAD, which would never come back.</summary>
    public bool IsStream { get; init; }

    /// <summary>It checks what it needs itself, because its credential may come later than its request (WebSockets).</summary>
    public bool AdmitsItself { get; init; }

    /// <summary>How the OpenAPI document and the reference describe it.</summary>
    public RouteDocument? Document { get; init; }
}
