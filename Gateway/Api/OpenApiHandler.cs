using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary>
/// <c>GET /api/v1/openapi.json</c>. Open to anyone: it says what the documentation says, and a generator has no key. Written when it is first
/// asked for, then kept.
/// </summary>
/// <param name="table">The router's table, this route included.</param>
internal sealed class OpenApiHandler(Func<IReadOnlyCollection<HttpRoute>> table, string version)
{
    private readonly Lazy<(byte[] Json, string Tag)> document = new(() =>
    {
        var json = OpenApiDocument.Write(table(), version);
        return (json, EntityTag.Of(json));
    });

    public HttpRoute Route => new("GET", "/api/v1/openapi.json", HandleAsync, "openapi")
    {
        Needs = RouteNeeds.Public,
        Document = new RouteDocument("This document")
        {
            Description = "Generated from the table of routes that this gateway serves.",
            Headers = [DocumentedParameter.IfNoneMatch],
            AnswerType = "application/json",
        },
    };

    private Task HandleAsync(Exchange exchange)
    {
        var (json, tag) = document.Value;
        if (EntityTag.IsNotModified(exchange, tag)) return Task.CompletedTask;
        // The same for everyone, unlike other tagged answers.
        exchange.Response.Headers.CacheControl = "public, no-cache";
        return JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, json);
    }
}
