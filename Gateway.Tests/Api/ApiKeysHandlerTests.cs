using System.Text;
using System.Text.Json;
using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Api;

/// <summary>Keys and grants over REST, on the whole gateway.</summary>
public sealed class ApiKeysHandlerTests : IAsyncLifetime
{
    private ComposedGateway gateway = null!;
    private string admin = "";

    public async Task InitializeAsync()
    {
        gateway = await ComposedGateway.StartAsync();
        admin = (await gateway.CreateKeyAsync("admin", isAdmin: true)).Text;
        await ControlTransaction.RunAsync(gateway.Database, async commands =>
        {
            await commands.ExecuteAsync(
                """
                INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms)
                  VALUES (101, 11, '1', '', '1', '', 'webhook', 0), (102, 12, '2', '', '2', '', 'webhook', 0)
                """);
            await commands.ExecuteAsync(
                "INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (9, 101, -100, '', 0), (10, 101, -101, '', 0), (20, 102, -100, '', 0)");
            return await commands.ExecuteAsync("INSERT INTO users (id, name, password_hash, created_at_ms) VALUES (33, 'anna', 'x', 0)");
        }, default);
    }

    public async Task DisposeAsync() => await gateway.DisposeAsync();

    private async Task<(int Status, JsonElement Body)> SendAsync(string method, string path, string? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1/" + path);
        request.Headers.Add("X-API-Key", key ?? admin);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await gateway.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    private async Task<(int, string?)> CodeAsync(string method, string path, string? body = null, string? key = null)
    {
        var (status, answer) = await SendAsync(method, path, body, key);
        return (status, answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    [Fact]
    public async Task Key_FromPostToDelete_WorksAsTold()
    {
        var (status, made) = await SendAsync("POST", "apikeys", """{"name":"desk","scopes":["messages:read","bots:read"],"expires_at":"2999-01-01T00:00:00Z","rate_per_second":7,"rate_burst":9}""");
        Assert.Equal(201, status);
        var id = made.GetProperty("id").GetInt64();
        var key = made.GetProperty("key").GetString()!;
        Assert.Equal(200, (await SendAsync("GET", "bots", key: key)).Status);
        Assert.Equal((403, "FORBIDDEN"), await CodeAsync("GET", "apikeys", key: key));

        var (_, shown) = await SendAsync("GET", $"apikeys/{id}");
        Assert.False(shown.TryGetProperty("key", out _));
        Assert.Equal(["bots:read", "messages:read"], shown.GetProperty("scopes").EnumerateArray().Select(each => each.GetString()));
        Assert.Equal(("2999-01-01T00:00:00.000Z", 7), (shown.GetProperty("expires_at").GetString(), shown.GetProperty("rate_per_second").GetInt32()));

        var (changedStatus, changed) = await SendAsync("PATCH", $"apikeys/{id}", """{"name":"help","scopes":["apikeys:read"],"rate_per_second":null}""");
        Assert.Equal((200, "help", JsonValueKind.Null), (changedStatus, changed.GetProperty("name").GetString(), changed.GetProperty("rate_per_second").ValueKind));
        // What a change does not name stays.
        Assert.Equal((9, "2999-01-01T00:00:00.000Z"), (changed.GetProperty("rate_burst").GetInt32(), changed.GetProperty("expires_at").GetString()));
        Assert.Equal((403, "FORBIDDEN"), await CodeAsync("GET", "bots", key: key));
        var (_, list) = await SendAsync("GET", "apikeys?offset=1&limit=1", key: key);
        Assert.Equal((1, 1, 2), (list.GetProperty("apikeys").GetArrayLength(), list.GetProperty("limit").GetInt32(), list.GetProperty("total").GetInt32()));
        Assert.Equal(id, list.GetProperty("apikeys")[0].GetProperty("id").GetInt64());

        Assert.NotNull((await SendAsync("POST", $"apikeys/{id}/revoke")).Body.GetProperty("revoked_at").GetString());
        Assert.Equal((401, "UNAUTHENTICATED"), await CodeAsync("GET", "apikeys", key: key));
        Assert.Equal(200, (await SendAsync("POST", $"apikeys/{id}/revoke")).Status);
        Assert.Equal(204, (await SendAsync("DELETE", $"apikeys/{id}")).Status);
        foreach (var (method, path) in new[] { ("GET", ""), ("PATCH", ""), ("POST", "/revoke"), ("DELETE", "") })
            Assert.Equal((404, "APIKEY_NOT_FOUND"), await CodeAsync(method, $"apikeys/{id}{path}", method == "PATCH" ? "{}" : null));
    }

    [Fact]
    public async Task Key_Made_IsKeptByNoCacheAndDeletedIsOutWithTheAnswer()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/apikeys") { Content = new StringContent("""{"name":"desk"}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("X-API-Key", admin);
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        var made = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        Assert.Equal(200, (await SendAsync("GET", "bots", key: made.GetProperty("key").GetString())).Status);
        Assert.Equal(204, (await SendAsync("DELETE", $"apikeys/{made.GetProperty("id").GetInt64()}")).Status);
        Assert.Equal((401, "UNAUTHENTICATED"), await CodeAsync("GET", "bots", key: made.GetProperty("key").GetString()));
    }

    [Theory]
    [InlineData("{}", "name")]
    [InlineData("""{"name":" x"}""", "name")]
    [InlineData("""{"name":"x","scopes":["bots:fly"]}""", "scopes")]
    [InlineData("""{"name":"x","expires_at":"2001-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"name":"x","rate_per_second":0}""", "rate_per_second")]
    [InlineData("""{"name":"x","rate_burst":1000001}""", "rate_burst")]
    [InlineData("""{"name":"x","admin":true}""", "admin")]
    public async Task Key_WithAWrongField_IsRefusedByItsName(string body, string field)
    {
        var (status, answer) = await SendAsync("POST", "apikeys", body);
        Assert.Equal((400, "VALIDATION_FAILED"), (status, answer.GetProperty("code").GetString()));
        Assert.True(answer.GetProperty("details").GetProperty("fields").TryGetProperty(field, out _));
    }

    [Fact]
    public async Task Key_OfMoreThanTheCallerHas_IsRefused()
    {
        var writer = (await gateway.CreateKeyAsync("writer", scopes: "apikeys:write bots:read")).Text;
        Assert.Equal(201, (await SendAsync("POST", "apikeys", """{"name":"x","scopes":["bots:read"]}""", writer)).Status);
        Assert.Equal((403, "EXCEEDS_AUTHORITY"), await CodeAsync("POST", "apikeys", """{"name":"x"}""", writer));
        Assert.Equal((403, "EXCEEDS_AUTHORITY"), await CodeAsync("POST", "apikeys", """{"name":"x","scopes":["bots:read"],"is_admin":true}""", writer));
    }

    [Theory]
    [InlineData("apikeys")]
    [InlineData("users")]
    public async Task Grants_SetListedAndTakenBack_AreExactlyThat(string things)
    {
        var id = things == "users" ? 33 : (await gateway.CreateKeyAsync("reader")).Id;
        Assert.Equal(200, (await SendAsync("PUT", $"{things}/{id}/chats/tg:101:-100", """{"can_read":true,"can_send":true}""")).Status);
        var (_, set) = await SendAsync("PUT", $"{things}/{id}/chats/9", """{"can_read":true}""");
        Assert.Equal("""{"chat_id":9,"bot_id":101,"thread_id":null,"can_read":true,"can_send":false,"can_manage":false}""", set.GetRawText());
        await SendAsync("PUT", $"{things}/{id}/chats/9", """{"can_send":true,"thread_id":4}""");
        await SendAsync("PUT", $"{things}/{id}/bots/102", """{"can_manage":true}""");
        var (_, list) = await SendAsync("GET", $"{things}/{id}/grants");
        Assert.Equal((1, 2), (list.GetProperty("bots").GetArrayLength(), list.GetProperty("chats").GetArrayLength()));
        Assert.Equal(things == "apikeys", list.TryGetProperty("feedback", out _));

        Assert.Equal(204, (await SendAsync("DELETE", $"{things}/{id}/chats/9?thread_id=4")).Status);
        Assert.Equal((404, "GRANT_NOT_FOUND"), await CodeAsync("DELETE", $"{things}/{id}/chats/9?thread_id=4"));
        Assert.Equal(204, (await SendAsync("DELETE", $"{things}/{id}/chats/9")).Status);
        Assert.Equal(204, (await SendAsync("DELETE", $"{things}/{id}/bots/102")).Status);
        Assert.Equal(0, (await SendAsync("GET", $"{things}/{id}/grants")).Body.GetProperty("bots").GetArrayLength());

        var notFound = things == "users" ? "USER_NOT_FOUND" : "APIKEY_NOT_FOUND";
        Assert.Equal((404, notFound), await CodeAsync("GET", $"{things}/999/grants"));
        Assert.Equal((404, notFound), await CodeAsync("PUT", $"{things}/999/chats/9", """{"can_read":true}"""));
        Assert.Equal((404, "CHAT_NOT_FOUND"), await CodeAsync("PUT", $"{things}/{id}/chats/999", """{"can_read":true}"""));
        Assert.Equal((404, "CHAT_NOT_FOUND"), await CodeAsync("PUT", $"{things}/{id}/chats/x", """{"can_read":true}"""));
        Assert.Equal((404, "BOT_NOT_FOUND"), await CodeAsync("PUT", $"{things}/{id}/bots/x", """{"can_read":true}"""));
        Assert.Equal((400, "VALIDATION_FAILED"), await CodeAsync("PUT", $"{things}/{id}/chats/9", "{}"));
    }

    [Fact]
    public async Task Grants_ByWhomSeesLess_TellNothingOfTheRest()
    {
        var other = await gateway.CreateKeyAsync("other");
        var clerk = await gateway.CreateKeyAsync("clerk", scopes: "permissions:read permissions:write");
        await SendAsync("PUT", $"apikeys/{clerk.Id}/chats/9", """{"can_read":true,"can_manage":true}""");
        await SendAsync("PUT", $"apikeys/{clerk.Id}/chats/10", """{"can_read":true}""");
        await SendAsync("PUT", $"apikeys/{other.Id}/chats/20", """{"can_read":true}""");
        Assert.Equal(200, (await SendAsync("PUT", $"apikeys/{other.Id}/chats/9", """{"can_read":true}""", clerk.Text)).Status);
        Assert.Equal((403, "EXCEEDS_AUTHORITY"), await CodeAsync("PUT", $"apikeys/{other.Id}/chats/9", """{"can_send":true}""", clerk.Text));
        Assert.Equal((403, "FORBIDDEN"), await CodeAsync("PUT", $"apikeys/{other.Id}/chats/10", """{"can_read":true}""", clerk.Text));
        Assert.Equal((403, "FORBIDDEN"), await CodeAsync("PUT", $"apikeys/{other.Id}/bots/101", """{"can_read":true}""", clerk.Text));

        var (_, hidden) = await SendAsync("PUT", $"apikeys/{other.Id}/chats/20", """{"can_read":true}""", clerk.Text);
        var (_, missing) = await SendAsync("PUT", $"apikeys/{other.Id}/chats/999", """{"can_read":true}""", clerk.Text);
        Assert.Equal((hidden.GetProperty("code").GetString(), hidden.GetProperty("error").GetString()), (missing.GetProperty("code").GetString(), missing.GetProperty("error").GetString()));
        var (_, list) = await SendAsync("GET", $"apikeys/{other.Id}/grants", key: clerk.Text);
        Assert.Equal(9, Assert.Single(list.GetProperty("chats").EnumerateArray()).GetProperty("chat_id").GetInt64());

        await SendAsync("PUT", $"apikeys/{other.Id}/bots/102", """{"can_read":true}""");
        foreach (var chat in new[] { 9, 20 }) await SendAsync("PUT", $"apikeys/{other.Id}/feedback/{chat}");
        (_, list) = await SendAsync("GET", $"apikeys/{other.Id}/grants", key: clerk.Text);
        Assert.Empty(list.GetProperty("bots").EnumerateArray());
        Assert.Equal("""[{"chat_id":9,"bot_id":101}]""", list.GetProperty("feedback").GetRawText());
    }

    [Fact]
    public async Task Feedback_NamedAndTakenBack_IsListed()
    {
        var key = await gateway.CreateKeyAsync("reader");
        Assert.Equal(200, (await SendAsync("PUT", $"apikeys/{key.Id}/feedback/tg:101:-100")).Status);
        var (_, list) = await SendAsync("GET", $"apikeys/{key.Id}/grants");
        Assert.Equal("""[{"chat_id":9,"bot_id":101}]""", list.GetProperty("feedback").GetRawText());
        Assert.Equal(204, (await SendAsync("DELETE", $"apikeys/{key.Id}/feedback/9")).Status);
        Assert.Equal((404, "GRANT_NOT_FOUND"), await CodeAsync("DELETE", $"apikeys/{key.Id}/feedback/9"));
        Assert.Equal((404, "APIKEY_NOT_FOUND"), await CodeAsync("PUT", "apikeys/999/feedback/9"));
    }
}
