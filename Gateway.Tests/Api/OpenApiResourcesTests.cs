using System.Text;
using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.Api;

/// <summary>Every resource's answers against the document that the gateway serves of itself: a field too many or too few, or a status that is not there, fails.</summary>
public sealed class OpenApiResourcesTests : IAsyncLifetime
{
    private readonly HashSet<string> asked = [];
    private ComposedGateway gateway = null!;
    private OpenApiAnswers answers = null!;
    private string admin = "";

    public async Task InitializeAsync()
    {
        // Nobody listens there: Telegram does not answer.
        gateway = await ComposedGateway.StartAsync(("Telegram:BaseUrl", "http://127.0.0.1:9"));
        admin = (await gateway.CreateKeyAsync("admin", isAdmin: true)).Text;
        answers = await OpenApiAnswers.ReadAsync(gateway.Client);
    }

    public Task DisposeAsync() => gateway.DisposeAsync().AsTask();

    private async Task<JsonElement> CheckAsync(string method, string template, int status, string? body = null, object? id = null, object? second = null, string query = "", string? ifMatch = null)
    {
        string[] parts = template.Split('/');
        Queue<object?> values = new([id, second]);
        for (int part = 0; part < parts.Length; part++)
        {
            if (parts[part].StartsWith('{')) parts[part] = $"{values.Dequeue()}";
        }

        using HttpRequestMessage request = new(new HttpMethod(method), string.Join('/', parts) + query);
        request.Headers.Add("X-API-Key", admin);
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation(method == "GET" ? "If-None-Match" : "If-Match", ifMatch);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        asked.Add($"{method} {template}");
        return await answers.CheckAsync(gateway.Client, request, template, status);
    }

    private static long Id(JsonElement thing) => thing.GetProperty("id").GetInt64();

    [Fact]
    public async Task Answers_OfEveryResource_AreAsDocumented()
    {
        const string Bots = "/api/v1/bots", Chats = "/api/v1/chats", Messages = "/api/v1/messages";
        JsonElement bot = await CheckAsync("POST", Bots, 201, """{"token":"123456789:AAHsecret-secret-secret-secret-secr","verify":false}""");
        await CheckAsync("POST", Bots, 409, """{"token":"123456789:AAHsecret-secret-secret-secret-secr","verify":false}""");
        await CheckAsync("GET", Bots, 200);
        await CheckAsync("GET", Bots + "/{id}", 200, id: Id(bot));
        await CheckAsync("GET", Bots + "/{id}", 304, id: Id(bot), ifMatch: "*");
        await CheckAsync("GET", Bots + "/{id}", 404, id: 99);
        await CheckAsync("PATCH", Bots + "/{id}", 200, """{"label":"one"}""", Id(bot));
        await CheckAsync("PATCH", Bots + "/{id}", 412, """{"label":"two"}""", Id(bot), ifMatch: "\"none\"");
        await CheckAsync("POST", Bots + "/{id}/pause", 200, id: Id(bot));
        await CheckAsync("POST", Bots + "/{id}/resume", 200, id: Id(bot));
        await CheckAsync("POST", Bots + "/{id}/webhook", 409, id: Id(bot));

        JsonElement chat = await CheckAsync("POST", Chats, 201, $$"""{"bot_id":{{Id(bot)}},"telegram_chat_id":-5}""");
        await CheckAsync("POST", Chats, 409, $$"""{"bot_id":{{Id(bot)}},"telegram_chat_id":-5}""");
        await CheckAsync("POST", Chats, 404, """{"bot_id":99,"telegram_chat_id":-5}""");
        await CheckAsync("POST", Chats, 400, """{"bot":99}""");
        await CheckAsync("GET", Chats, 200);
        await CheckAsync("GET", Chats + "/{id}", 200, id: Id(chat));
        await CheckAsync("GET", Chats + "/{id}", 304, id: Id(chat), ifMatch: "*");
        await CheckAsync("GET", Chats + "/{id}", 404, id: 99);
        await CheckAsync("PATCH", Chats + "/{id}", 200, """{"label":"one"}""", Id(chat), ifMatch: "*");
        await CheckAsync("PATCH", Chats + "/{id}", 412, """{"label":"two"}""", Id(chat), ifMatch: "\"none\"");

        await SendUpdateAsync(bot.GetProperty("webhook_secret").GetString()!);
        JsonElement page = await CheckAsync("GET", Messages, 200);
        await CheckAsync("GET", Messages + "/{id}", 200, id: page.GetProperty("messages")[0].GetProperty("message_id").GetInt64());
        await CheckAsync("GET", Messages + "/{id}", 404, id: 99999);
        await CheckAsync("GET", Messages, 400, query: "?q=");
        Assert.Equal(1, (await CheckAsync("GET", Chats + "/{id}/messages", 200, id: Id(chat))).GetProperty("messages").GetArrayLength());
        Assert.True((await CheckAsync("GET", "/api/v1/events", 200, query: "?all=true&after=0")).GetProperty("events").GetArrayLength() > 0);

        await CheckPrincipalsAsync(Id(bot), Id(chat));
        await CheckAsync("GET", "/api/v1/audit", 200);
        await CheckAsync("DELETE", Bots + "/{id}", 200, id: Id(bot));
        await CheckAsync("DELETE", Bots + "/{id}", 404, id: Id(bot));

        // Logins need a password and streams do not end: each has tests of its own.
        string[] others = ["/api/v1/auth/", "/api/v1/events/stream", "/api/v1/ws", "/api/v1/telegram/", "/api/v1/metrics", "/api/v1/openapi.json"];
        Assert.Empty(gateway.Routes
            .Where(route => route.Template.StartsWith("/api/v1/", StringComparison.Ordinal) && !others.Any(other => route.Template.StartsWith(other, StringComparison.Ordinal)))
            .Select(route => $"{route.Method} {route.Template}").Except(asked));
    }

    private async Task CheckPrincipalsAsync(long bot, long chat)
    {
        const string Users = "/api/v1/users", Keys = "/api/v1/apikeys", Permissions = "/api/v1/chats/{id}/permissions";
        JsonElement user = await CheckAsync("POST", Users, 201, """{"name":"anna","password":"horse battery staple","roles":["viewer"]}""");
        await CheckAsync("POST", Users, 409, """{"name":"anna","password":"horse battery staple","roles":["viewer"]}""");
        await CheckAsync("GET", Users, 200);
        await CheckAsync("GET", Users + "/{id}", 200, id: Id(user));
        await CheckAsync("GET", Users + "/{id}", 404, id: 99);
        await CheckAsync("PATCH", Users + "/{id}", 200, """{"is_disabled":true}""", Id(user));
        await CheckAsync("GET", "/api/v1/roles", 200);

        JsonElement key = await CheckAsync("POST", Keys, 201, """{"name":"desk","scopes":["bots:read"],"rate_per_second":7}""");
        Secrets.Note(key.GetProperty("key").GetString()!, "api key");
        await CheckAsync("GET", Keys, 200);
        await CheckAsync("GET", Keys + "/{id}", 200, id: Id(key));
        await CheckAsync("GET", Keys + "/{id}", 404, id: 99);
        await CheckAsync("PATCH", Keys + "/{id}", 200, """{"name":"other"}""", Id(key));

        await CheckAsync("PUT", Permissions, 200, $$"""{"api_key_id":{{Id(key)}},"thread_id":3,"can_read":true}""", chat);
        await CheckAsync("PUT", Permissions, 404, """{"user_id":99,"can_read":true}""", chat);
        await CheckAsync("GET", Permissions, 200, id: chat);
        await CheckAsync("DELETE", Permissions, 204, id: chat, query: $"?api_key_id={Id(key)}");
        foreach ((string things, long id) in new[] { (Keys, Id(key)), (Users, Id(user)) })
        {
            await CheckAsync("PUT", things + "/{id}/bots/{bot_id}", 200, """{"can_read":true}""", id, bot);
            await CheckAsync("PUT", things + "/{id}/chats/{chat_id}", 200, """{"can_read":true}""", id, chat);
            if (things == Keys) await CheckAsync("PUT", Keys + "/{id}/feedback/{chat_id}", 200, id: id, second: chat);
            await CheckAsync("GET", things + "/{id}/grants", 200, id: id);
            if (things == Keys) await CheckAsync("DELETE", Keys + "/{id}/feedback/{chat_id}", 204, id: id, second: chat);
            await CheckAsync("DELETE", things + "/{id}/chats/{chat_id}", 204, id: id, second: chat);
            await CheckAsync("DELETE", things + "/{id}/chats/{chat_id}", 404, id: id, second: chat);
            await CheckAsync("DELETE", things + "/{id}/bots/{bot_id}", 204, id: id, second: bot);
        }

        await CheckAsync("POST", Keys + "/{id}/revoke", 200, id: Id(key));
        await CheckAsync("DELETE", Keys + "/{id}", 204, id: Id(key));
        await CheckAsync("DELETE", Users + "/{id}", 204, id: Id(user));
    }

    private async Task SendUpdateAsync(string secret)
    {
        using StringContent update = new(
            """{"update_id":1,"message":{"message_id":1,"date":1767225600,"chat":{"id":-5,"type":"supergroup","title":"T"},"from":{"id":7,"is_bot":false,"first_name":"A"},"text":"hello"}}""",
            Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await gateway.Client.PostAsync($"/telegram/webhook/{secret}", update);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
    }
}
