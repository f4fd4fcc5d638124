using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gateway.Tests.Http;

public sealed class FrontDoorTests : IAsyncLifetime
{
    private const int SmallBody = 1000;

    private readonly RecordedLog<FrontDoor> log = new();
    private LoopbackServer server = null!;

    public async Task InitializeAsync()
    {
        var router = new Router(
        [
            new HttpRoute("GET", "/ok", exchange => JsonReply.WriteAsync(exchange, 200, "{\"ok\":true}"u8.ToArray()), "ok") { Needs = RouteNeeds.Public },
            new HttpRoute("GET", "/throw/{secret}", _ => throw new InvalidOperationException("on purpose"), "throw") { Needs = RouteNeeds.Public },
            new HttpRoute("GET", "/later", async _ => { await Task.Yield(); throw new InvalidOperationException("on purpose"); }, "later") { Needs = RouteNeeds.Public },
            new HttpRoute("GET", "/half", async exchange => { await exchange.Response.WriteAsync("half"); throw new InvalidOperationException("on purpose"); }, "half") { Needs = RouteNeeds.Public },
            new HttpRoute("GET", "/wait", exchange => ErrorReply.WriteAsync(exchange, 503, "UNAVAILABLE", "wait", TimeSpan.FromMilliseconds(2100), json => json.WriteNumber("a", 1)), "wait") { Needs = RouteNeeds.Public },
            new HttpRoute("GET", "/away", async _ => { await Task.Yield(); throw new Microsoft.Data.Sqlite.SqliteException("disk I/O error", 10); }, "away") { Needs = RouteNeeds.Public },
            new HttpRoute("POST", "/body", EchoAsync, "body") { Needs = RouteNeeds.Public },
            new HttpRoute("GET", "/value/{value}", exchange => JsonReply.WriteAsync(exchange, 200, exchange, (json, each) => json.WriteStringValue(each.Values.First)), "value") { Needs = RouteNeeds.Public },
        ]);
        server = await LoopbackServer.StartAsync(new FrontDoor(router, log).HandleAsync);
    }

    public Task DisposeAsync() => server.DisposeAsync().AsTask();

    private static async Task EchoAsync(Exchange exchange)
    {
        var body = await BodyReader.ReadAsync(exchange.Context, SmallBody);
        if (body.Status == BodyStatus.TooLarge)
        {
            await ErrorReply.BodyTooLargeAsync(exchange, SmallBody);
            return;
        }

        await exchange.Response.WriteAsync($"{body.Status} {body.Bytes?.Length} {(body.Bytes is null ? "" : Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(body.Bytes)))}");
    }

    private static async Task<JsonElement> ErrorOf(HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var error = document.RootElement.Clone();
        Assert.Equal(["error", "code", "details", "request_id"], error.EnumerateObject().Select(member => member.Name));
        Assert.NotEmpty(error.GetProperty("request_id").GetString()!);
        return error;
    }

    [Fact]
    public async Task Handler_DatabaseAway_Is503()
    {
        using var response = await server.Client.GetAsync("/away");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("UNAVAILABLE", (await ErrorOf(response)).GetProperty("code").GetString());
        Assert.Equal(Limits.Http.RetryAfter, response.Headers.RetryAfter!.Delta);
        Assert.Contains(log.Lines, line => line.Contains("away", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/throw/very-secret", "throw")]
    [InlineData("/later", "later")]
    public async Task Handler_Throws_Is500InTheErrorShapeAndLoggedWithoutThePath(string path, string name)
    {
        using var response = await server.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var error = await ErrorOf(response);
        Assert.Equal("INTERNAL", error.GetProperty("code").GetString());
        Assert.DoesNotContain("on purpose", error.GetRawText());
        var line = Assert.Single(log.Lines);
        Assert.Contains(error.GetProperty("request_id").GetString()!, line);
        Assert.Contains($" on {name} failed", line);
        Assert.DoesNotContain("very-secret", line);
    }

    [Fact]
    public async Task Handler_ThrowsAfterTheAnswerBegan_CutsIt() =>
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => server.Client.GetStringAsync("/half"));

    [Fact]
    public async Task Refusals_HaveTheErrorShapeAndTheirHeaders()
    {
        using var missing = await server.Client.GetAsync("/nowhere");
        Assert.Equal((HttpStatusCode.NotFound, "NOT_FOUND"), (missing.StatusCode, (await ErrorOf(missing)).GetProperty("code").GetString()));
        using var wrong = await server.Client.DeleteAsync("/ok");
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED"), (wrong.StatusCode, (await ErrorOf(wrong)).GetProperty("code").GetString()));
        Assert.Equal("GET, HEAD, OPTIONS", string.Join(", ", wrong.Content.Headers.Allow));
        using var wait = await server.Client.GetAsync("/wait");
        Assert.Equal((3.0, 1), (wait.Headers.RetryAfter!.Delta!.Value.TotalSeconds, (await ErrorOf(wait)).GetProperty("details").GetProperty("a").GetInt32()));
        using var options = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Options, "/ok"));
        Assert.Equal((HttpStatusCode.NoContent, "GET, HEAD, OPTIONS"), (options.StatusCode, string.Join(", ", options.Content.Headers.Allow)));
        using var head = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/ok"));
        Assert.Equal((HttpStatusCode.OK, 11L, ""), (head.StatusCode, head.Content.Headers.ContentLength, await head.Content.ReadAsStringAsync()));
    }

    /// <summary>Whatever stands in the request line: an answer below 500.</summary>
    [Theory]
    [InlineData("GET //ok", 404)]
    [InlineData("GET /ok/", 404)]
    [InlineData("GET /./ok", 400)]
    [InlineData("GET /x/../ok", 400)]
    [InlineData("GET /../../ok", 400)]
    [InlineData("GET /value/%2e%2e", 400)]
    [InlineData("GET /value/%2f", 200)]
    [InlineData("GET /value/%252e", 200)]
    [InlineData("GET /%6fk", 200)]
    [InlineData("GET /value/%00", 400)]
    [InlineData("GET /value/a\0b", 400)]
    [InlineData("GET /value/%c0%80", 200)]
    [InlineData("GET /value/%ff%fe", 200)]
    [InlineData("GET /value/%zz", 200)]
    [InlineData("GET /value/\u00ff", 400)]
    [InlineData("GET ok", 405)]
    [InlineData("GET ", 400)]
    [InlineData("OPTIONS *", 404)]
    [InlineData("GET http://other.example/ok", 200)]
    [InlineData("G\u0001T /ok", 400)]
    [InlineData("BREW /ok", 405)]
    public async Task RequestLine_Strange_IsAnsweredBelow500(string line, int expected)
    {
        var host = line.Contains("other.example", StringComparison.Ordinal) ? "other.example" : "gateway";
        var answer = await server.SendRawAsync($"{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {expected} ", answer);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task RequestLineAndHeaders_OverTheirBounds_AreRefused()
    {
        using var longPath = await server.Client.GetAsync("/value/" + new string('a', Limits.Http.RequestLineBytes));
        Assert.Equal(HttpStatusCode.RequestUriTooLong, longPath.StatusCode);
        using var fits = await server.Client.GetAsync("/value/" + new string('a', Limits.Http.RequestLineBytes - 100));
        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        using var longHeader = new HttpRequestMessage(HttpMethod.Get, "/ok") { Headers = { { "X-Long", new string('a', Limits.Http.HeaderBytes) } } };
        using var refused = await server.Client.SendAsync(longHeader);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, refused.StatusCode);
        using var many = new HttpRequestMessage(HttpMethod.Get, "/ok");
        Enumerable.Range(0, Limits.Http.Headers).ToList().ForEach(at => many.Headers.Add($"X-{at}", "a"));
        using var manyRefused = await server.Client.SendAsync(many);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, manyRefused.StatusCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(SmallBody)]
    public async Task Body_WithinTheBound_ArrivesWhole(int length)
    {
        var body = new byte[length];
        new Random(length).NextBytes(body);
        var expected = $"Ok {length} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(body))}";
        using var known = await server.Client.PostAsync("/body", new ByteArrayContent(body));
        Assert.Equal(expected, await known.Content.ReadAsStringAsync());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/body") { Content = new ByteArrayContent(body), Headers = { TransferEncodingChunked = true } };
        using var chunked = await server.Client.SendAsync(request);
        Assert.Equal(expected, await chunked.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Body_OverTheBound_Is413WithKnownAndUnknownLength()
    {
        foreach (var length in new[] { SmallBody + 1, 100_000, (int)Limits.Http.ServerBodyBytes + 1 })
        {
            var known = await server.SendRawAsync($"POST /body HTTP/1.1\r\nHost: g\r\nContent-Length: {length}\r\n\r\n{new string('a', length)}");
            Assert.StartsWith("HTTP/1.1 413 ", known);
            Assert.Contains("BODY_TOO_LARGE", known);
        }

        var chunks = string.Concat(Enumerable.Repeat($"{100:x}\r\n{new string('a', 100)}\r\n", 20));
        var chunked = await server.SendRawAsync($"POST /body HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 ", chunked);
    }

    [Fact]
    public async Task Body_BrokenFraming_IsAbortedNotAFailure()
    {
        var answer = await server.SendRawAsync("POST /body HTTP/1.1\r\nHost: g\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n");
        Assert.DoesNotContain("HTTP/1.1 5", answer);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Body_InManyPieces_ArrivesWhole()
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        socket.NoDelay = true;
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("POST /body HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Length: 300\r\n\r\n"));
        for (var piece = 0; piece < 300; piece++)
        {
            await stream.WriteAsync("a"u8.ToArray());
            await stream.FlushAsync();
        }

        using var reader = new StreamReader(stream);
        Assert.Contains("Ok 300 ", await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Headers_ThatDoNotEnd_Are408() =>
        Assert.StartsWith("HTTP/1.1 408 ", await server.SendRawAsync("GET /ok HTTP/1.1\r\nHost: g\r\nX-Slow: "), StringComparison.Ordinal);

    /// <summary>The bounds that would take minutes to reach: that the server is told them.</summary>
    [Fact]
    public void ServerBounds_OfTime_AreGivenToTheServer()
    {
        var options = new Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions();
        ServerBounds.Apply(options);
        Assert.Equal((Limits.Http.KeepAlive, Limits.Http.HeadersWait), (options.Limits.KeepAliveTimeout, options.Limits.RequestHeadersTimeout));
        Assert.Equal((Limits.Http.BodyRateBytesPerSecond, Limits.Http.BodyGrace), (options.Limits.MinRequestBodyDataRate!.BytesPerSecond, options.Limits.MinRequestBodyDataRate.GracePeriod));
    }

    /// <summary>Takes the grace and one look of the server's clock, a second: about six in all.</summary>
    [Fact]
    public async Task Body_ThatStalls_IsCutByTheServersRate()
    {
        var answer = await server.SendRawAsync("POST /body HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Length: 900\r\n\r\nabc");
        Assert.Contains("TooSlow", answer, StringComparison.Ordinal);
    }
}
