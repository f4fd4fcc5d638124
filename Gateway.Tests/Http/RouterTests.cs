using CsCheck;
using Gateway.Http;
using Xunit;

namespace Gateway.Tests.Http;

public sealed class RouterTests
{
    private static HttpRoute New(string method, string template, bool isStream = false) =>
        new(method, template, _ => Task.CompletedTask, $"{method} {template}") { Needs = RouteNeeds.Public, IsStream = isStream };

    private static readonly Router Routes = new(
    [
        New("GET", "/health"),
        New("POST", "/telegram/webhook/{secret}"),
        New("GET", "/api/v1/events"),
        New("GET", "/api/v1/events/{id}"),
        New("GET", "/api/v1/events/stream", isStream: true),
        New("GET", "/api/v1/chats/{chat}/users/{user}"),
        New("PUT", "/api/v1/chats/{id}/users/{other}"),
        New("DELETE", "/api/v1/chats/{chat}/users/{user}"),
    ]);

    [Theory]
    [InlineData("GET", "/health", "GET /health", null, null)]
    [InlineData("HEAD", "/health", "GET /health", null, null)]
    [InlineData("POST", "/telegram/webhook/a:b-_", "POST /telegram/webhook/{secret}", "a:b-_", null)]
    [InlineData("GET", "/api/v1/events", "GET /api/v1/events", null, null)]
    [InlineData("GET", "/api/v1/events/stream", "GET /api/v1/events/stream", null, null)]
    [InlineData("GET", "/api/v1/events/streams", "GET /api/v1/events/{id}", "streams", null)]
    [InlineData("GET", "/api/v1/chats/1/users/22", "GET /api/v1/chats/{chat}/users/{user}", "1", "22")]
    [InlineData("PUT", "/api/v1/chats/1/users/22", "PUT /api/v1/chats/{id}/users/{other}", "1", "22")]
    public void Match_KnownPath_FindsItsRouteAndValues(string method, string path, string name, string? first, string? second)
    {
        var match = Routes.Match(method, path);
        Assert.Equal((RouteStatus.Found, name, first, second), (match.Status, match.Route?.Name, match.Values.First, match.Values.Second));
        Assert.Equal(first ?? "", match.Values.FirstSpan.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("health")]
    [InlineData("/Health")]
    [InlineData("/health/")]
    [InlineData("//health")]
    [InlineData("/health//")]
    [InlineData("/telegram/webhook")]
    [InlineData("/telegram/webhook/")]
    [InlineData("/telegram/webhook//")]
    [InlineData("/telegram/webhook/a/b")]
    [InlineData("/telegram//webhook/a")]
    [InlineData("/api/v1/chats//users/1")]
    [InlineData("/api/v1/chats/1/users/")]
    [InlineData("/api/v1/events\0")]
    public void Match_OtherPath_IsNotFound(string path) => Assert.Equal(RouteStatus.NotFound, Routes.Match("GET", path).Status);

    [Theory]
    [InlineData("POST", "/health", "GET, HEAD, OPTIONS")]
    [InlineData("get", "/health", "GET, HEAD, OPTIONS")]
    [InlineData("HEAD", "/api/v1/events/stream", "GET, OPTIONS")]
    [InlineData("GET", "/telegram/webhook/a", "POST, OPTIONS")]
    [InlineData("PATCH", "/api/v1/chats/1/users/2", "GET, PUT, DELETE, HEAD, OPTIONS")]
    public void Match_OtherMethod_NamesTheAllowedOnes(string method, string path, string allow)
    {
        var match = Routes.Match(method, path);
        Assert.Equal((RouteStatus.MethodNotAllowed, allow), (match.Status, match.Allow));
    }

    [Fact]
    public void Match_Options_NamesTheAllowedOnes()
    {
        Assert.Equal((RouteStatus.Options, "GET, HEAD, OPTIONS"), (Routes.Match("OPTIONS", "/health").Status, Routes.Match("OPTIONS", "/health").Allow));
        Assert.Equal(RouteStatus.NotFound, Routes.Match("OPTIONS", "/nowhere").Status);
    }

    [Theory]
    [InlineData("/a/{b}", "/a/{c}")]
    [InlineData("no-slash", "/x")]
    [InlineData("/{a}/{b}/{c}", "/x")]
    public void Table_Contradiction_IsRefusedAtStart(string template, string other) =>
        Assert.Throws<ArgumentException>(() => new Router([New("GET", template), New("GET", other)]));

    /// <summary>Against the obvious implementation: split both at slashes and compare.</summary>
    [Fact]
    public void Match_AnyTableAndPath_AgreesWithSplitting()
    {
        string[] words = ["a", "b", "ab", "", "{x}", "{y}"];
        string[] parts = ["a", "b", "ab", "", "%2e%2e", "..", "\u00e9", "{x}"];
        var template = Gen.Int[0, words.Length - 1].Array[1, 4].Select(picked => "/" + string.Join('/', picked.Select(at => words[at])));
        var path = Gen.Int[0, parts.Length - 1].Array[1, 5].Select(picked => "/" + string.Join('/', picked.Select(at => parts[at])));
        Gen.Select(template.Array[1, 6], path).Sample(
            (templates, wanted) =>
            {
                var usable = templates.Where(each => each.Count(unit => unit == '{') <= 2).DistinctBy(Shape).ToArray();
                var match = new Router(usable.Select(each => New("GET", each))).Match("GET", wanted);
                var expected = usable.Where(each => Matches(each, wanted)).OrderBy(each => each.Count(unit => unit == '{')).ToArray();
                if (expected.Length == 0)
                {
                    return match.Status == RouteStatus.NotFound;
                }

                var segments = wanted.Split('/');
                var values = match.Route!.Template.Split('/').Zip(segments).Where(pair => pair.First.StartsWith('{')).Select(pair => pair.Second).ToArray();
                return expected.Contains(match.Route.Template) && Parameters(match.Route.Template) == Parameters(expected[0])
                    && match.Values.First == values.ElementAtOrDefault(0) && match.Values.Second == values.ElementAtOrDefault(1);
            },
            iter: 20000);
    }

    private static int Parameters(string template) => template.Count(unit => unit == '{');

    private static string Shape(string template) => template.Replace("{y}", "{x}");

    private static bool Matches(string template, string path)
    {
        var (left, right) = (template.Split('/'), path.Split('/'));
        return left.Length == right.Length && left.Zip(right).All(pair => pair.First.StartsWith('{') ? pair.Second.Length > 0 : pair.First == pair.Second);
    }
}
