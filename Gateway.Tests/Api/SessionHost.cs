using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gateway.Access;
using Gateway.Api;
using Gateway.Http;
using Gateway.Tests.Access;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Api;

internal sealed record Answer(int Status, JsonElement Body, HttpResponseHeaders Headers)
{
    public string? Code => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("code", out var code) ? code.GetString() : null;

    public string Text(string name) => Body.GetProperty(name).GetString()!;

    public string Field(string name) => Body.GetProperty("details").GetProperty("fields").GetProperty(name).GetString()!;
}

/// <summary>The auth and user routes behind the gate, on a real Kestrel, with a stream that says who opened it.</summary>
internal sealed class SessionHost : IAsyncDisposable
{
    private LoopbackServer server = null!;

    public SessionFixture Access { get; private set; } = null!;

    public static async Task<SessionHost> StartAsync()
    {
        var self = new SessionHost { Access = await SessionFixture.CreateAsync() };
        var fixture = self.Access;
        var gate = new AccessGate(fixture.Access, fixture.PollAsync);
        IEnumerable<HttpRoute> routes =
        [
            .. new AuthHandler(fixture.Logins, fixture.Sessions, fixture.Tickets, fixture.Queries, fixture.PollAsync, fixture.Time, fixture.Denials).Routes,
            .. new UsersHandler(fixture.Users, fixture.Queries, fixture.PollAsync).Routes,
            new HttpRoute("GET", "/stream", exchange => JsonReply.WriteAsync(exchange, 200, exchange.Principal().Name, (json, name) => json.WriteStringValue(name)), "stream")
            {
                Needs = RouteNeeds.Authenticated,
                IsStream = true,
            },
        ];
        var router = new Router(routes.Select(gate.Protect));
        self.server = await LoopbackServer.StartAsync(new FrontDoor(router, NullLogger<FrontDoor>.Instance).HandleAsync);
        return self;
    }

    /// <param name="credential">An access token or key, as Bearer.</param>
    public async Task<Answer> SendAsync(string method, string path, string? credential = null, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (credential is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + credential);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Answer((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone(), response.Headers);
    }

    public async Task<string> AddAndLogInAsync(string name, string role)
    {
        await Access.AddUserAsync(name, role);
        var answer = await LogInAsync(name, SessionFixture.Password);
        Assert.Equal(StatusCodes.Status200OK, answer.Status);
        return answer.Text("access_token");
    }

    public Task<Answer> LogInAsync(string name, string password) =>
        SendAsync("POST", "/api/v1/auth/login", body: $$"""{"name":"{{name}}","password":"{{password}}"}""");

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await Access.DisposeAsync();
    }
}
