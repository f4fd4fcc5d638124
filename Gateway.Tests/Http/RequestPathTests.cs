using System.Text;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Http;

/// <summary>
/// Tricks with paths, as raw bytes to a real server: each is refused, or is read by the one route that its text names. A proxy that compares
/// the text of a path must come to the same route as the gateway.
/// </summary>
public sealed class RequestPathTests : IAsyncLifetime
{
    private readonly RecordedLog<FrontDoor> log = new();
    private LoopbackServer server = null!;

    public async Task InitializeAsync()
    {
        static HttpRoute New(string template) => new("GET", template, exchange => AnswerAsync(exchange, template), template) { Needs = RouteNeeds.Public };
        var router = new Router([New("/api/v1/users"), New("/api/v1/bots"), New("/api/v1/bots/{id}"), New("/api/v1/chats/{id}/permissions"), New("/api/v1/messages/{id}")]);
        server = await LoopbackServer.StartAsync(new FrontDoor(router, log).HandleAsync);
    }

    private static Task AnswerAsync(Exchange exchange, string template) =>
        JsonReply.WriteAsync(exchange, 200, Encoding.UTF8.GetBytes($"\"{template}|{exchange.Values.First}|{exchange.Values.Second}\""));

    public Task DisposeAsync() => server.DisposeAsync().AsTask();

    [Theory]
    // Empty segments and slashes at the end.
    [InlineData("//api/v1/users", 404)]
    [InlineData("/api//v1/users", 404)]
    [InlineData("/api/v1//users", 404)]
    [InlineData("/api/v1/users/", 404)]
    [InlineData("/api/v1/users//", 404)]
    [InlineData("/api/v1/bots//users", 404)]
    // Another case.
    [InlineData("/API/v1/users", 404)]
    [InlineData("/api/v1/Users", 404)]
    // Dot segments, plain, escaped once, in part and twice.
    [InlineData("/api/v1/bots/../users", 400)]
    [InlineData("/api/v1/bots/%2e%2e/users", 400)]
    [InlineData("/api/v1/bots/%2E%2e/users", 400)]
    [InlineData("/api/v1/bots/.%2e/users", 400)]
    [InlineData("/api/v1/bots/%2e./users", 400)]
    [InlineData("/api/v1/./users", 400)]
    [InlineData("/api/v1/%2e/users", 400)]
    [InlineData("/../api/v1/users", 400)]
    [InlineData("/%2e%2e/%2e%2e/api/v1/users", 400)]
    [InlineData("/api/v1/users/.", 400)]
    [InlineData("/api/v1/users/x/..", 400)]
    [InlineData("http://gateway/api/v1/bots/%2e%2e/users", 400)]
    [InlineData("/api/v1/bots/%252e%252e/users", 404)]
    [InlineData("/api/v1/bots/..;/users", 404)]
    [InlineData("/api/v1/bots/...", 200, "/api/v1/bots/{id}|...|")]
    // A slash that is escaped separates nothing, nor does a backslash.
    [InlineData("/api/v1%2fusers", 404)]
    [InlineData("/api/v1/bots%2F7", 404)]
    [InlineData("/api/v1/bots/%2e%2e%2fusers", 200, "/api/v1/bots/{id}|..%2fusers|")]
    [InlineData("/api/v1/bots/..%5cusers", 200, "/api/v1/bots/{id}|..\\users|")]
    [InlineData("/api/v1\\users", 404)]
    [InlineData("/api/v1/chats/7%2f..%2f8/permissions", 200, "/api/v1/chats/{id}/permissions|7%2f..%2f8|")]
    // An end of text, a line's end, and what is no UTF-8: overlong forms of NUL, slash and dot, a lone surrogate, a cut sequence.
    [InlineData("/api/v1/users%00", 400)]
    [InlineData("/api/v1/bots/7%00.json", 400)]
    [InlineData("/api/v1/users%0d%0aX-Header:%20a", 404)]
    [InlineData("/api/v1/users%20", 404)]
    [InlineData("/api/v1/bots/%c0%80", 200, "/api/v1/bots/{id}|%c0%80|")]
    [InlineData("/api/v1%c0%afusers", 404)]
    [InlineData("/api/v1/bots/%c0%ae%c0%ae/users", 404)]
    [InlineData("/api/v1/bots/%e0%80%af", 200, "/api/v1/bots/{id}|%e0%80%af|")]
    [InlineData("/api/v1/users%ed%a0%80", 404)]
    [InlineData("/api/v1/users%f0%9f", 404)]
    [InlineData("/api/v1/users%ef%bc%8f", 404)]
    [InlineData("/api/v1/users\u00ff", 400)]
    // What other servers cut off.
    [InlineData("/api/v1/users;x=1", 404)]
    [InlineData("/api/v1/users.json", 404)]
    [InlineData("/api/v1/users%3fx=1", 404)]
    [InlineData("/api/v1/users%23x", 404)]
    // The same path by the rules of URLs: the same route.
    [InlineData("/api/v1/%75sers", 200, "/api/v1/users||")]
    [InlineData("/api/v1/users?x=/../bots", 200, "/api/v1/users||")]
    [InlineData("/api/v1/users?", 200, "/api/v1/users||")]
    [InlineData("http://gateway/api/v1/users", 200, "/api/v1/users||")]
    public async Task Path_OfTricks_IsRefusedOrReadByItsOwnRoute(string path, int status, string? read = null)
    {
        var answer = await server.SendRawAsync($"GET {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Header", answer, StringComparison.Ordinal);
        var route = answer.Contains('|', StringComparison.Ordinal) ? answer.Split("\r\n\r\n")[1].Trim('"') : null;
        Assert.Equal(read, route);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Path_OfManySegmentsOrGreatLength_IsRefused()
    {
        foreach (var path in new[] { string.Concat(Enumerable.Repeat("/a", 4000)), "/api/v1/users" + new string('/', 8000), "/" + string.Concat(Enumerable.Repeat("%61", 4000)) })
        {
            using var answer = await server.Client.GetAsync(path);
            Assert.Equal(404, (int)answer.StatusCode);
        }

        using var tooLong = await server.Client.GetAsync("/api/v1/bots/" + new string('7', Limits.Http.RequestLineBytes));
        Assert.Equal(414, (int)tooLong.StatusCode);
    }

    [Theory]
    [InlineData("/a/b", false)]
    [InlineData("/a.b/..c/d..", false)]
    [InlineData("/a/%2", false)]
    [InlineData("/a/..%2", false)]
    [InlineData("/a/...", false)]
    [InlineData("", false)]
    [InlineData("..", true)]
    [InlineData("/a/%2E", true)]
    [InlineData("/a/.%2e/b", true)]
    public void HasDotSegments_OfText_FindsThem(string path, bool expected) => Assert.Equal(expected, RequestPath.HasDotSegments(path));
}
