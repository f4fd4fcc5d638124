using System.Net;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Regression: the configured origins opened WebSockets only; a page of theirs could not read SSE or pull, nor their errors.</summary>
public sealed class CrossOriginStreamTests
{
    private const string Stream = "/api/v1/events/stream";
    private const string Pull = "/api/v1/events";

    [Theory]
    [InlineData(Stream, "?all=true", HttpStatusCode.OK)]
    [InlineData(Stream, "?all=nonsense", HttpStatusCode.BadRequest)]
    [InlineData(Pull, "?all=true", HttpStatusCode.OK)]
    [InlineData(Pull, "?all=true&limit=0", HttpStatusCode.BadRequest)]
    [InlineData(Pull, "?chat_id=4711", HttpStatusCode.NotFound)]
    [InlineData(Pull, "?all=true&api_key=tgw_other", HttpStatusCode.BadRequest)]
    public async Task Answer_ToAnAllowedOrigin_NamesItAndNoOther(string path, string query, HttpStatusCode status)
    {
        await using var server = await StreamServer.StartAsync(history: 1);
        using var allowed = await AskAsync(server, HttpMethod.Get, path + query, StreamServer.AllowedOrigin);
        Assert.Equal(status, allowed.StatusCode);
        Assert.Equal(StreamServer.AllowedOrigin, Header(allowed, "Access-Control-Allow-Origin"));
        Assert.Equal("Origin", Header(allowed, "Vary"));

        foreach (var origin in new[] { null, "https://elsewhere.example", "null", "http://app.example", StreamServer.AllowedOrigin + ".elsewhere.example" })
        {
            using var other = await AskAsync(server, HttpMethod.Get, path + query, origin);
            Assert.Equal(status, other.StatusCode);
            Assert.Null(Header(other, "Access-Control-Allow-Origin"));
        }
    }

    [Theory]
    [InlineData(Stream)]
    [InlineData(Pull)]
    public async Task Preflight_OfAnAllowedOrigin_AllowsGetWithAKey(string path)
    {
        await using var server = await StreamServer.StartAsync();
        server.Client.DefaultRequestHeaders.Clear();
        using var allowed = await AskAsync(server, HttpMethod.Options, path, StreamServer.AllowedOrigin);
        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        Assert.Equal(StreamServer.AllowedOrigin, Header(allowed, "Access-Control-Allow-Origin"));
        Assert.Equal("GET, OPTIONS", Header(allowed, "Access-Control-Allow-Methods"));
        Assert.Contains("X-API-Key", Header(allowed, "Access-Control-Allow-Headers"), StringComparison.Ordinal);

        using var other = await AskAsync(server, HttpMethod.Options, path, "https://elsewhere.example");
        Assert.Equal((HttpStatusCode.NoContent, "GET, OPTIONS"), (other.StatusCode, string.Join(", ", other.Content.Headers.Allow)));
        Assert.Null(Header(other, "Access-Control-Allow-Origin"));
    }

    private static async Task<HttpResponseMessage> AskAsync(StreamServer server, HttpMethod method, string path, string? origin)
    {
        using var request = new HttpRequestMessage(method, path);
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
            request.Headers.Add("Access-Control-Request-Method", "GET");
        }
        return await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
