using System.Net;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Http;

/// <summary>Pages of other origins, over a real server: the whole API for the configured ones, nothing for any other.</summary>
public sealed class CrossOriginTests : IAsyncLifetime
{
    private const string Own = "https://app.example";

    private LoopbackServer server = null!;

    public async Task InitializeAsync() => server = await StartAsync([Own, "http://localhost:3000"]);

    public Task DisposeAsync() => server.DisposeAsync().AsTask();

    private static Task<LoopbackServer> StartAsync(string[] origins)
    {
        static Task Answer(Exchange exchange) => JsonReply.WriteAsync(exchange, 200, "{}"u8.ToArray());
        var router = new Router(
        [
            new HttpRoute("GET", "/api/v1/bots", Answer, "bots") { Needs = RouteNeeds.Public },
            new HttpRoute("POST", "/api/v1/bots", Answer, "bot_add") { Needs = RouteNeeds.Public },
            new HttpRoute("PATCH", "/api/v1/bots/{id}", Answer, "bot_change") { Needs = RouteNeeds.Public },
            new HttpRoute("DELETE", "/api/v1/bots/{id}", Answer, "bot_remove") { Needs = RouteNeeds.Public },
            new HttpRoute("GET", "/api/v1/failing", _ => throw new InvalidOperationException("on purpose"), "failing") { Needs = RouteNeeds.Public },
            new HttpRoute("GET", "/health", Answer, "health") { Needs = RouteNeeds.Public },
        ]);
        return LoopbackServer.StartAsync(new FrontDoor(router, new RecordedLog<FrontDoor>(), new CrossOrigin(origins)).HandleAsync);
    }

    [Theory]
    [InlineData("/api/v1/bots", "POST", "GET, POST, HEAD, OPTIONS")]
    [InlineData("/api/v1/bots/7", "DELETE", "PATCH, DELETE, OPTIONS")]
    public async Task Preflight_OfAnAllowedOrigin_TellsMethodsAndHeaders(string path, string method, string methods)
    {
        using var answer = await AskAsync("OPTIONS", path, Own, method);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal((Own, "Origin", methods), (Header(answer, "Access-Control-Allow-Origin"), Header(answer, "Vary"), Header(answer, "Access-Control-Allow-Methods")));
        Assert.Equal(Limits.Http.PreflightAge.TotalSeconds, double.Parse(Header(answer, "Access-Control-Max-Age")!, System.Globalization.CultureInfo.InvariantCulture));
        var headers = Header(answer, "Access-Control-Allow-Headers")!.Split(", ");
        Assert.Empty(new[] { "Authorization", "X-API-Key", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID", "Prefer" }.Except(headers));
        Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
    }

    /// <summary>Every answer is readable for an allowed page, errors of the router and of a bug included, and it may read what the API says in headers.</summary>
    [Theory]
    [InlineData("GET", "/api/v1/bots", 200)]
    [InlineData("POST", "/api/v1/bots", 200)]
    [InlineData("DELETE", "/api/v1/bots/1", 200)]
    [InlineData("PUT", "/api/v1/bots/1", 405)]
    [InlineData("GET", "/api/v1/nothing", 404)]
    [InlineData("GET", "/api/v1/failing", 500)]
    public async Task Answer_ToAnAllowedOrigin_IsReadable(string method, string path, int status)
    {
        foreach (var origin in new[] { Own, "http://localhost:3000" })
        {
            using var answer = await AskAsync(method, path, origin);
            Assert.Equal((status, origin, "Origin"), ((int)answer.StatusCode, Header(answer, "Access-Control-Allow-Origin"), Header(answer, "Vary")));
            Assert.Empty(new[] { "ETag", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "Allow" }
                .Except(Header(answer, "Access-Control-Expose-Headers")!.Split(", ")));
            Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
        }
    }

    /// <summary>Neither a look-alike nor <c>null</c> (a sandboxed frame, a file) is told anything; a cache is told all the same that origins matter.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("null")]
    [InlineData("https://elsewhere.example")]
    [InlineData("http://app.example")]
    [InlineData("https://app.example:8443")]
    [InlineData("https://app.example.elsewhere.example")]
    [InlineData("https://elsewhere.example/https://app.example")]
    [InlineData("https://app.example, https://elsewhere.example")]
    public async Task Answer_ToAForeignOrigin_HasNoHeaderOfTheProtocol(string? origin)
    {
        foreach (var (method, path) in new[] { ("GET", "/api/v1/bots"), ("OPTIONS", "/api/v1/bots"), ("PUT", "/api/v1/bots"), ("GET", "/api/v1/nothing") })
        {
            using var answer = await AskAsync(method, path, origin, "POST");
            Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
            Assert.Equal("Origin", Header(answer, "Vary"));
        }
    }

    [Fact]
    public async Task Answer_OutsideTheApi_IsForNoOrigin()
    {
        using var answer = await AskAsync("GET", "/health", Own);
        Assert.Equal((HttpStatusCode.OK, null, null), (answer.StatusCode, Header(answer, "Access-Control-Allow-Origin"), Header(answer, "Vary")));
    }

    [Fact]
    public async Task Answer_WithoutConfiguredOrigins_IsForNone()
    {
        await using var closed = await StartAsync([]);
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri(closed.Address, "/api/v1/bots")) { Headers = { { "Origin", Own } } };
        using var answer = await closed.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.NoContent, null, null), (answer.StatusCode, Header(answer, "Access-Control-Allow-Origin"), Header(answer, "Vary")));
        Assert.Equal("GET, POST, HEAD, OPTIONS", string.Join(", ", answer.Content.Headers.Allow));
    }

    private async Task<HttpResponseMessage> AskAsync(string method, string path, string? origin, string? asks = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (origin is not null) request.Headers.TryAddWithoutValidation("Origin", origin);
        if (asks is not null) request.Headers.Add("Access-Control-Request-Method", asks);
        return await server.Client.SendAsync(request);
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
