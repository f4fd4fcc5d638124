using System.Net;
using System.Text.Json;
using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Api;

/// <summary>The audit log over HTTP, and the denials that the gate writes into it.</summary>
public sealed class AuditHandlerTests : IAsyncLifetime
{
    private ComposedGateway gateway = null!;
    private string auditor = "";

    public async Task InitializeAsync()
    {
        gateway = await ComposedGateway.StartAsync();
        auditor = (await gateway.CreateKeyAsync("auditor", scopes: "audit:read")).Text;
    }

    public Task DisposeAsync() => gateway.DisposeAsync().AsTask();

    private async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(string path, string? key)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        if (key is not null) request.Headers.Add("X-API-Key", key);
        using HttpResponseMessage answer = await gateway.Client.SendAsync(request);
        using JsonDocument document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, document.RootElement.Clone());
    }

    private async Task<JsonElement[]> LinesAsync(string query) => [.. (await AskAsync("/api/v1/audit" + query, auditor)).Answer.GetProperty("audit").EnumerateArray()];

    private Task ChangeAsync(string action, string? before, string? after) => ControlTransaction.RunAsync(
        gateway.Database,
        async commands =>
        {
            await commands.AuditAsync(Actor.CommandLine, TimeProvider.System.GetUtcNow(), new AuditEntry(action, "bot", "7", before, after));
            return true;
        },
        CancellationToken.None);

    [Fact]
    public async Task Denials_OfWrongKeysAndMissingPermissions_AreReadableASecondLater()
    {
        string reader = (await gateway.CreateKeyAsync("reader")).Text;
        for (int call = 0; call < 3; call++) Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync("/api/v1/audit", reader)).Status);
        for (int call = 0; call < 3; call++) Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("/api/v1/audit", "tgw_1_madeup")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("/api/v1/metrics", null)).Status);

        JsonElement[] denied = [];
        await Poll.UntilAsync(async () => (denied = await LinesAsync("?outcome=denied")).Length >= 2, TimeSpan.FromSeconds(20), () => $"{denied.Length} lines");
        JsonElement forbidden = denied.Single(line => line.GetProperty("action").GetString() == "audit_list");
        Assert.Equal(("api_key", "reader", "permission", "audit:read"),
            (forbidden.GetProperty("actor").GetProperty("kind").GetString(), forbidden.GetProperty("actor").GetProperty("name").GetString(),
            forbidden.GetProperty("target").GetProperty("type").GetString(), forbidden.GetProperty("target").GetProperty("id").GetString()));
        JsonElement wrong = denied.First(line => line.GetProperty("action").GetString() == "auth.credential");
        Assert.Equal(("nobody", JsonValueKind.Null, "127.0.0.1"),
            (wrong.GetProperty("actor").GetProperty("kind").GetString(), wrong.GetProperty("actor").GetProperty("id").ValueKind, wrong.GetProperty("address").GetString()));
        Assert.NotEmpty(wrong.GetProperty("request_id").GetString()!);
        Assert.DoesNotContain(denied, line => line.GetRawText().Contains("madeup", StringComparison.Ordinal));
    }

    /// <summary>By the account's id: a name as it was typed may be a password in the wrong field, and strangers could write into the log with it.</summary>
    [Theory]
    [InlineData("""{"name":"anna","password":"correct horse battery"}""", true)]
    [InlineData("""{"name":"correct horse battery","password":"anna"}""", false)]
    public async Task Denials_OfLogins_NameTheAccountAndNothingThatWasTyped(string typed, bool isAnna)
    {
        string admin = (await gateway.CreateKeyAsync("admin", isAdmin: true)).Text;
        JsonElement anna = await CallAsync("POST", "/api/v1/users", """{"name":"anna","password":"horse battery staple 1","roles":["viewer"]}""", admin, HttpStatusCode.Created);
        using StringContent body = new(typed, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await gateway.Client.PostAsync("/api/v1/auth/login", body);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        JsonElement[] denied = [];
        await Poll.UntilAsync(async () => (denied = await LinesAsync("?action=auth.login")).Length == 1, TimeSpan.FromSeconds(20), () => $"{denied.Length} lines");
        string id = isAnna ? anna.GetProperty("id").GetRawText() : "";
        Assert.Equal($$"""{"type":"user","id":"{{id}}"}""", denied[0].GetProperty("target").GetRawText());
        Assert.Equal(1, denied[0].GetProperty("count").GetInt64());
        Assert.DoesNotContain("correct horse", denied[0].GetRawText(), StringComparison.Ordinal);
    }

    /// <summary>What no gate stands before, and what handlers refuse by rights on bots and chats.</summary>
    [Fact]
    public async Task Denials_OfSocketsReceiverAndRights_AreNotedToo()
    {
        string admin = (await gateway.CreateKeyAsync("admin", isAdmin: true)).Text;
        Gateway.Access.CreatedApiKey narrow = await gateway.CreateKeyAsync("narrow", scopes: "chats:read chats:write");
        JsonElement bot = await CallAsync("POST", "/api/v1/bots", """{"token":"123456789:AAHsecret-secret-secret-secret-secr","verify":false}""", admin, HttpStatusCode.Created);
        JsonElement chat = await CallAsync("POST", "/api/v1/chats", $$"""{"bot_id":{{bot.GetProperty("id").GetInt64()}},"telegram_chat_id":-5}""", admin, HttpStatusCode.Created);
        long chatId = chat.GetProperty("id").GetInt64();
        await CallAsync("PUT", $"/api/v1/chats/{chatId}/permissions", $$"""{"api_key_id":{{narrow.Id}},"can_read":true}""", admin, HttpStatusCode.OK);

        await CallAsync("PATCH", $"/api/v1/chats/{chatId}", """{"label":"x"}""", narrow.Text, HttpStatusCode.Forbidden);
        await CallAsync("POST", "/telegram/webhook/a-secret-that-nobody-has-set", "{}", narrow.Text, HttpStatusCode.Unauthorized);
        foreach (string key in new[] { "tgw_1_madeup", narrow.Text })
        {
            using System.Net.WebSockets.ClientWebSocket socket = new();
            socket.Options.SetRequestHeader("X-API-Key", key);
            await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{gateway.Address.Authority}/api/v1/ws"), CancellationToken.None));
        }

        JsonElement[] denied = [];
        await Poll.UntilAsync(async () => (denied = await LinesAsync("?outcome=denied")).Length >= 4, TimeSpan.FromSeconds(20), () => $"{denied.Length} lines");
        Assert.Equal(
            ["auth.credential nobody route websocket", $"chats_change api_key path /api/v1/chats/{chatId}", "webhook.secret nobody route telegram_webhook", "websocket api_key permission events:read"],
            denied.Select(line => $"{line.GetProperty("action").GetString()} {line.GetProperty("actor").GetProperty("kind").GetString()} "
                + $"{line.GetProperty("target").GetProperty("type").GetString()} {line.GetProperty("target").GetProperty("id").GetString()}").Order(StringComparer.Ordinal));
        Assert.All(denied, line => Assert.Equal("127.0.0.1", line.GetProperty("address").GetString()));
        Assert.DoesNotContain(denied, line => line.GetRawText().Contains("nobody-has-set", StringComparison.Ordinal));
    }

    /// <summary>A 404 for a missing right is a denial like a 403, on every way; one for what is not there is none. The answers are the same.</summary>
    [Fact]
    public async Task Denials_OfWhatIsHidden_AreNotedAndOfWhatIsNotThereAreNot()
    {
        string admin = (await gateway.CreateKeyAsync("admin", isAdmin: true)).Text;
        Gateway.Access.CreatedApiKey stranger = await gateway.CreateKeyAsync("stranger", scopes: string.Join(' ', Gateway.Access.PermissionNames.All));
        JsonElement bot = await CallAsync("POST", "/api/v1/bots", """{"token":"123456789:AAHsecret-secret-secret-secret-secr","verify":false}""", admin, HttpStatusCode.Created);
        long botId = bot.GetProperty("id").GetInt64();
        JsonElement chat = await CallAsync("POST", "/api/v1/chats", $$"""{"bot_id":{{botId}},"telegram_chat_id":-5}""", admin, HttpStatusCode.Created);
        long chatId = chat.GetProperty("id").GetInt64();
        await ControlTransaction.RunAsync(
            gateway.Database,
            commands => commands.ExecuteAsync($"INSERT INTO messages (id, bot_id, chat_id, telegram_id, last_seq) VALUES (7000, {botId}, {chatId}, 1, 7000)"), CancellationToken.None);

        // What is not there first: were it noted, the line that is shared with what is hidden would name it.
        foreach (var (b, c, m) in new[] { (999, 999, 9999), (botId, chatId, 7000) })
        {
            const string Rights = """{"can_read":true}""";
            (string Method, string Path, string Body)[] calls =
            [
                ("GET", $"/api/v1/chats/{c}", ""), ("PATCH", $"/api/v1/chats/{c}", """{"label":"x"}"""), ("GET", $"/api/v1/chats/{c}/messages", ""),
                ("GET", $"/api/v1/chats/{c}/permissions", ""), ("PUT", $"/api/v1/chats/{c}/permissions", $$"""{"api_key_id":{{stranger.Id}},"can_read":true}"""),
                ("GET", $"/api/v1/messages?chat_id={c}", ""), ("GET", $"/api/v1/messages/{m}", ""), ("POST", "/api/v1/chats", $$"""{"bot_id":{{b}},"telegram_chat_id":-6}"""),
                ("GET", $"/api/v1/bots/{b}", ""), ("PATCH", $"/api/v1/bots/{b}", """{"label":"x"}"""), ("POST", $"/api/v1/bots/{b}/pause", ""),
                ("PUT", $"/api/v1/apikeys/{stranger.Id}/bots/{b}", Rights), ("DELETE", $"/api/v1/apikeys/{stranger.Id}/bots/{b}", ""),
                ("PUT", $"/api/v1/apikeys/{stranger.Id}/chats/{c}", Rights), ("PUT", $"/api/v1/apikeys/{stranger.Id}/feedback/{c}", ""),
                ("GET", $"/api/v1/events?chat_id={c}", ""), ("GET", $"/api/v1/events/stream?bot_id={b}", ""),
            ];
            foreach (var (method, path, body) in calls) await CallAsync(method, path, body, stranger.Text, HttpStatusCode.NotFound);
            await SubscribeAsync(stranger.Text, $"?chat_id={c}");
        }

        JsonElement[] denied = [];
        string[] Said() => [.. denied.Select(line => $"{line.GetProperty("action").GetString()} {line.GetProperty("target").GetProperty("type").GetString()}:"
            + $"{line.GetProperty("target").GetProperty("id").GetString()} {line.GetProperty("count").GetInt64()} {line.GetProperty("actor").GetProperty("name").GetString()}").Order(StringComparer.Ordinal)];
        string[] expected =
        [
            $"apikeys_bots_remove bot:{botId}", $"apikeys_bots_set bot:{botId}", $"apikeys_chats_set chat:{chatId}", $"apikeys_feedback_add chat:{chatId}", $"bots_change bot:{botId}",
            $"bots_get bot:{botId}", $"bots_pause bot:{botId}", $"chat_messages chat:{chatId}", $"chat_permissions_list chat:{chatId}", $"chat_permissions_set chat:{chatId}", $"chats_add bot:{botId}",
            $"chats_change chat:{chatId}", $"chats_get chat:{chatId}", $"events chat:{chatId}", $"events_stream bot:{botId}", "message message:7000", $"messages chat:{chatId}", $"websocket chat:{chatId}",
        ];
        await Poll.UntilAsync(async () => (denied = await LinesAsync("?outcome=denied&limit=500")).Length >= expected.Length, TimeSpan.FromSeconds(20), () => string.Join('\n', Said()));
        Assert.Equal(expected.Select(line => line + " 1 stranger"), Said());
    }

    private async Task SubscribeAsync(string key, string query)
    {
        using System.Net.WebSockets.ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("X-API-Key", key);
        await socket.ConnectAsync(new Uri($"ws://{gateway.Address.Authority}/api/v1/ws{query}"), CancellationToken.None);
        System.Net.WebSockets.WebSocketReceiveResult received;
        do
        {
            received = await socket.ReceiveAsync(new byte[4096], CancellationToken.None);
        }
        while (received.MessageType != System.Net.WebSockets.WebSocketMessageType.Close);

        Assert.Equal(4003, (int)received.CloseStatus!);
    }

    /// <summary>Secrets that go into calls or come out of them are in no line of the audit log, nor a hash of one.</summary>
    [Fact]
    public async Task Changes_WithSecrets_AreNotedWithoutThem()
    {
        const string Token = "123456789:AAHsecret-secret-secret-secret-secr";
        string[] secrets = [Token, "a-webhook-secret-that-nobody-knows", "horse battery staple 1", "horse battery staple 2"];
        string admin = (await gateway.CreateKeyAsync("admin", isAdmin: true)).Text;
        await CallAsync("POST", "/api/v1/bots", $$"""{"token":"{{Token}}","secret_token":"{{secrets[1]}}","verify":false}""", admin, HttpStatusCode.Created);
        JsonElement user = await CallAsync("POST", "/api/v1/users", $$"""{"name":"anna","password":"{{secrets[2]}}","roles":["viewer"]}""", admin, HttpStatusCode.Created);
        await CallAsync("PATCH", $"/api/v1/users/{user.GetProperty("id").GetInt64()}", $$"""{"password":"{{secrets[3]}}"}""", admin, HttpStatusCode.OK);

        JsonElement made = await CallAsync("POST", "/api/v1/apikeys", """{"name":"made"}""", admin, HttpStatusCode.Created);
        string key = made.GetProperty("key").GetString()!;
        Secrets.Note(key, "api key");
        await CallAsync("PATCH", $"/api/v1/apikeys/{made.GetProperty("id").GetInt64()}", """{"name":"made anew"}""", admin, HttpStatusCode.OK);
        // Nor its random part alone, whatever stands before it.
        secrets = [.. secrets, key, key[(key.LastIndexOf('_') + 1)..]];

        await using System.Data.Common.DbConnection connection = await gateway.Database.OpenAsync(CancellationToken.None);
        await using System.Data.Common.DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT action, target_id, before_json, after_json, actor_name FROM audit_log";
        await using System.Data.Common.DbDataReader reader = await command.ExecuteReaderAsync();
        List<string> actions = [];
        while (await reader.ReadAsync())
        {
            actions.Add(reader.GetString(0));
            string line = string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(column => reader.GetValue(column)));
            Assert.All([.. secrets, admin, auditor, "$2", "argon2"], secret => Assert.DoesNotContain(secret, line, StringComparison.OrdinalIgnoreCase));
        }

        Assert.Contains("apikey.create", actions);
        Assert.True(actions.Count >= 5, string.Join(", ", actions));
    }

    private async Task<JsonElement> CallAsync(string method, string path, string body, string key, HttpStatusCode expected)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        request.Headers.Add("X-API-Key", key);
        request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await gateway.Client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(expected == answer.StatusCode, text);
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    [Fact]
    public async Task Changes_AreReadWithBeforeAndAfterPageByPage()
    {
        for (int number = 0; number < 5; number++) await ChangeAsync($"bot.change{number}", """{"name":"old"}""", """{"name":"new"}""");
        List<string> actions = [];
        string cursor = "";
        do
        {
            JsonElement page = (await AskAsync($"/api/v1/audit?action=bot.*&limit=2{cursor}", auditor)).Answer;
            actions.AddRange(page.GetProperty("audit").EnumerateArray().Select(line => line.GetProperty("action").GetString()!));
            Assert.Equal(page.GetProperty("has_more").GetBoolean(), page.GetProperty("next_cursor").ValueKind == JsonValueKind.String);
            cursor = page.GetProperty("has_more").GetBoolean() ? $"&cursor={page.GetProperty("next_cursor").GetString()}" : "";
        }
        while (cursor.Length > 0);

        Assert.Equal(Enumerable.Range(0, 5).Reverse().Select(number => $"bot.change{number}"), actions);
        JsonElement line = (await LinesAsync("?action=bot.change4&actor=command_line&target=bot:7&outcome=done&since=2026-01-01T00:00:00Z"))[0];
        Assert.Equal(("old", "new"), (line.GetProperty("before").GetProperty("name").GetString(), line.GetProperty("after").GetProperty("name").GetString()));
        Assert.Empty(await LinesAsync("?action=bot.change4&until=2026-01-01T00:00:00Z"));
        Assert.Empty(await LinesAsync("?action=bot.change4&target=bot:8"));
    }

    [Theory]
    [InlineData("?actor=anna", "actor")]
    [InlineData("?actor=user:x", "actor")]
    [InlineData("?actor=gateway:1", "actor")]
    [InlineData("?action=' OR 1=1 --", "action")]
    [InlineData("?action=*", "action")]
    [InlineData("?outcome=maybe", "outcome")]
    [InlineData("?since=yesterday", "since")]
    [InlineData("?until=2026-02-09T12:00:00", "until")]
    [InlineData("?limit=501", "limit")]
    [InlineData("?cursor=AAAA", "cursor")]
    public async Task Query_ThatIsNotRight_SaysWhichField(string query, string field)
    {
        var (status, answer) = await AskAsync("/api/v1/audit" + query, auditor);
        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_FAILED"), (status, answer.GetProperty("code").GetString()));
        Assert.True(answer.GetProperty("details").GetProperty("fields").TryGetProperty(field, out _), answer.GetRawText());
    }

    /// <summary>Text that would be SQL, were it not a parameter.</summary>
    [Theory]
    [InlineData("?target=bot'--")]
    [InlineData("?target=%27%20UNION%20SELECT%201--:x")]
    public async Task Query_OfSql_FindsNothing(string query) => Assert.Empty(await LinesAsync(query));

    [Fact]
    public async Task Metrics_AsJson_HaveWhatPrometheusHas()
    {
        string key = (await gateway.CreateKeyAsync("watcher", scopes: "metrics:read")).Text;
        var (status, answer) = await AskAsync("/api/v1/metrics", key);
        Assert.Equal(HttpStatusCode.OK, status);
        string text = await gateway.Client.GetStringAsync("/metrics");
        string[] names = [.. answer.GetProperty("metrics").EnumerateArray().Select(metric => metric.GetProperty("name").GetString()!)];
        Assert.All(names, name => Assert.Contains($"# TYPE {name} ", text, StringComparison.Ordinal));
        JsonElement histogram = answer.GetProperty("metrics").EnumerateArray().First(metric => metric.GetProperty("kind").GetString() == "histogram").GetProperty("series")[0];
        Assert.True(histogram.GetProperty("count").GetInt64() >= histogram.GetProperty("buckets").EnumerateArray().Last().GetProperty("count").GetInt64());
    }
}
