using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.Api;

/// <summary>The document that a gateway serves, and whether it keeps to it.</summary>
public sealed class OpenApiAnswersTests : IAsyncLifetime
{
    private ComposedGateway gateway = null!;
    private OpenApiAnswers answers = null!;
    private string admin = "";
    private string reader = "";

    public async Task InitializeAsync()
    {
        gateway = await ComposedGateway.StartAsync();
        admin = (await gateway.CreateKeyAsync("admin", isAdmin: true)).Text;
        reader = (await gateway.CreateKeyAsync("reader")).Text;
        answers = await OpenApiAnswers.ReadAsync(gateway.Client);
    }

    public Task DisposeAsync() => gateway.DisposeAsync().AsTask();

    private async Task CheckAsync(string method, string path, string template, int status, string? key)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (key is not null) request.Headers.Add("X-API-Key", key);
        await answers.CheckAsync(gateway.Client, request, template, status);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/ready")]
    [InlineData("/metrics")]
    [InlineData("/api/v1/metrics")]
    [InlineData("/api/v1/audit")]
    [InlineData("/api/v1/openapi.json")]
    [InlineData("/api/v1/events", "?all=true&after=0")]
    public async Task Answer_OfSuccess_IsAsDocumented(string path, string query = "") => await CheckAsync("GET", path + query, path, 200, admin);

    [Theory]
    [InlineData("/api/v1/audit", "", 401, null)]
    [InlineData("/api/v1/audit", "", 403, "reader")]
    [InlineData("/api/v1/audit", "?cursor=x", 400, "admin")]
    [InlineData("/api/v1/audit", "?nothing=1", 400, "admin")]
    [InlineData("/api/v1/metrics", "", 403, "reader")]
    [InlineData("/api/v1/events", "?all=true&limit=0", 400, "admin")]
    [InlineData("/api/v1/events", "?chat_id=4711", 404, "reader")]
    public async Task Answer_OfAnError_IsAsDocumented(string path, string query, int status, string? who) =>
        await CheckAsync("GET", path + query, path, status, who switch { "admin" => admin, "reader" => reader, _ => null });

    /// <summary>Guards the check itself: a missing field, an unknown one, one of another type, each is found, inside a list as well.</summary>
    [Theory]
    [InlineData("""{"audit":[],"has_more":false,"next_cursor":null}""", true)]
    [InlineData("""{"audit":[],"has_more":false}""", false)]
    [InlineData("""{"audit":[],"has_more":false,"next_cursor":null,"more":1}""", false)]
    [InlineData("""{"audit":[],"has_more":"no","next_cursor":null}""", false)]
    [InlineData("""{"audit":[{"id":1}],"has_more":false,"next_cursor":null}""", false)]
    public async Task Check_OfAnAnswer_FindsWhatIsNotDocumented(string answer, bool isGood)
    {
        using JsonDocument schema = JsonDocument.Parse("""{"$ref":"#/components/schemas/AuditLinePage"}""");
        Assert.Equal(isGood, !(await answers.FaultsAsync(schema.RootElement, answer)).Any());
    }

    [Fact]
    public async Task Document_AskedForAgain_IsNotSentTwice()
    {
        using HttpResponseMessage first = await gateway.Client.GetAsync("/api/v1/openapi.json");
        using HttpRequestMessage again = new(HttpMethod.Get, "/api/v1/openapi.json");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage second = await gateway.Client.SendAsync(again);
        Assert.Equal((304, 0), ((int)second.StatusCode, (await second.Content.ReadAsByteArrayAsync()).Length));
        using HttpResponseMessage head = await gateway.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/api/v1/openapi.json"));
        Assert.Equal((200, first.Content.Headers.ContentLength), ((int)head.StatusCode, head.Content.Headers.ContentLength));
    }

    /// <summary>Every path and method that the router knows is in the document, and nothing else is.</summary>
    [Fact]
    public void Document_Paths_AreTheRouters()
    {
        IEnumerable<string> described = answers.Document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject(), (path, method) => $"{method.Name.ToUpperInvariant()} {path.Name}");
        Assert.Equal(gateway.Routes.Where(route => route.Method != "CONNECT").Select(route => $"{route.Method} {route.Template}").Order(), described.Order());
    }
}
