using Gateway.Tests.Support;

namespace Gateway.Tests.Api;

/// <summary>Who sees a bot and who changes it; and what a gateway that knows its public address does by itself.</summary>
public sealed class BotRightsTests : IAsyncLifetime
{
    private const string AllScopes = "bots:read bots:write";

    private BotsGateway gateway = null!;

    public async Task InitializeAsync() => gateway = await BotsGateway.StartAsync("https://bots.example");

    public async Task DisposeAsync() => await gateway.DisposeAsync();

    private static readonly (string Method, string Path)[] Changes = [("PATCH", "/1"), ("DELETE", "/1"), ("POST", "/1/webhook"), ("POST", "/1/pause"), ("POST", "/1/resume")];

    [Fact]
    public async Task Bot_WithoutAnyRightOnIt_IsAnsweredAsOneThatDoesNotExist()
    {
        await gateway.AddAsync();
        var stranger = await gateway.KeyAsync(scopes: AllScopes);
        Assert.Equal(0, (await gateway.SendAsync("GET", "", key: stranger)).Json.GetProperty("total").GetInt32());
        foreach (var (method, path) in Changes.Append(("GET", "/1")))
        {
            var theirs = await gateway.SendAsync(method, path, method == "GET" ? null : "{}", stranger);
            var nobodys = await gateway.SendAsync(method, path.Replace('1', '9'), method == "GET" ? null : "{}", stranger);
            Assert.Equal((404, "BOT_NOT_FOUND"), theirs.Refusal);
            Assert.Equal(nobodys.Json.GetProperty("error").GetString(), theirs.Json.GetProperty("error").GetString());
        }
    }

    [Fact]
    public async Task Bot_WithARightInOneChat_IsSeenAndNotChanged()
    {
        await gateway.AddAsync();
        var reader = await gateway.KeyAsync(scopes: AllScopes);
        await gateway.ExecuteAsync("INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (5, 1, -100, '', 0)");
        await gateway.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, chat_id, can_read, can_send, can_manage, created_at_ms) VALUES (1, 2, 5, 1, 1, 1, 0)");
        Assert.Equal(1, (await gateway.SendAsync("GET", "", key: reader)).Json.GetProperty("total").GetInt32());
        Assert.Equal(200, (await gateway.SendAsync("GET", "/1", key: reader)).Status);
        foreach (var (method, path) in Changes)
        {
            var refused = await gateway.SendAsync(method, path, "{}", reader);
            Assert.Equal((403, "FORBIDDEN"), refused.Refusal);
            Assert.Equal("can_manage", refused.Json.GetProperty("details").GetProperty("needs").GetString());
        }

        await gateway.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, bot_id, can_manage, created_at_ms) VALUES (1, 2, 1, 1, 0)");
        Assert.Equal(200, (await gateway.SendAsync("PATCH", "/1", new { label = "x" }, reader)).Status);
        Assert.Equal((403, "FORBIDDEN"), (await gateway.SendAsync("PATCH", "/1", new { base_url = "http://169.254.169.254" }, reader)).Refusal);
    }

    [Fact]
    public async Task Bot_WithReadAndSendOnAllOfIt_IsSeenAndNotChanged()
    {
        await gateway.AddAsync();
        var reader = await gateway.KeyAsync(scopes: AllScopes);
        await gateway.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, can_send, created_at_ms) VALUES (1, 2, 1, 1, 1, 0)");
        Assert.Equal(200, (await gateway.SendAsync("GET", "/1", key: reader)).Status);
        foreach (var (method, path) in Changes) Assert.Equal((403, "FORBIDDEN"), (await gateway.SendAsync(method, path, "{}", reader)).Refusal);
    }

    /// <summary>Else whoever had a right in one of its chats would have it again on the day the bot is added again.</summary>
    [Fact]
    public async Task Delete_TakesEveryGrantInItsChatsAway()
    {
        await gateway.AddAsync();
        var reader = await gateway.KeyAsync(scopes: AllScopes);
        await gateway.ExecuteAsync("INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (5, 1, -100, '', 0)");
        await gateway.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, chat_id, can_read, created_at_ms) VALUES (1, 2, 5, 1, 0)");
        Assert.Equal(200, (await gateway.SendAsync("GET", "/1", key: reader)).Status);
        Assert.Equal(200, (await gateway.SendAsync("DELETE", "/1")).Status);
        Assert.Equal(1, (await gateway.AddAsync()).Json.GetProperty("id").GetInt64());
        Assert.Equal((404, "BOT_NOT_FOUND"), (await gateway.SendAsync("GET", "/1", key: reader)).Refusal);
    }

    /// <summary>His grant was made a moment ago: it holds for the next call.</summary>
    [Fact]
    public async Task Post_ByWhoIsNoAdmin_GivesHimTheBotAtOnce()
    {
        var maker = await gateway.KeyAsync(scopes: AllScopes);
        Assert.Equal(201, (await gateway.SendAsync("POST", "", new { token = FakeTelegram.Token }, maker)).Status);
        Assert.Equal(200, (await gateway.SendAsync("PATCH", "/1", new { label = "mine" }, maker)).Status);
        Assert.Equal(200, (await gateway.SendAsync("DELETE", "/1", key: maker)).Status);
        Assert.Equal(404, (await gateway.SendAsync("GET", "/1", key: maker)).Status);
    }

    /// <summary>Before, the answer to a token that somebody made up said whether the bot is here.</summary>
    [Fact]
    public async Task Post_MadeUpTokenOfABotThatIsHere_IsAnsweredAsOfOneThatIsNot()
    {
        await gateway.AddAsync();
        var stranger = await gateway.KeyAsync(scopes: AllScopes);
        var here = await gateway.SendAsync("POST", "", new { token = "111:a-token-that-somebody-made-up-0123" }, stranger);
        var nowhere = await gateway.SendAsync("POST", "", new { token = "999:a-token-that-somebody-made-up-0123" }, stranger);
        Assert.Equal((400, "TOKEN_REJECTED"), nowhere.Refusal);
        Assert.Equal(nowhere.Refusal, here.Refusal);
        Assert.Equal(nowhere.Json.GetProperty("error").GetString(), here.Json.GetProperty("error").GetString());
        Assert.Equal((409, "BOT_EXISTS"), (await gateway.SendAsync("POST", "", new { token = FakeTelegram.Token }, stranger)).Refusal);
    }

    [Theory]
    [InlineData("""{"token":"111:the-secret-token-of-a-bot","verify":false}""")]
    [InlineData("""{"token":"111:the-secret-token-of-a-bot","base_url":"http://169.254.169.254"}""")]
    public async Task Post_WhatTheGatewayWouldTakeOnTrust_IsForAdmins(string body)
    {
        var maker = await gateway.KeyAsync(scopes: AllScopes);
        Assert.Equal((403, "FORBIDDEN"), (await gateway.SendAsync("POST", "", body, maker)).Refusal);
        Assert.Equal(0, (await gateway.SendAsync("GET", "")).Json.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Post_WithAPublicUrl_SetsTheWebhookAndShowsNoSecret()
    {
        var added = await gateway.AddAsync();
        gateway.Hidden.Add(new Uri(gateway.Telegram.WebhookUrl).Segments[^1]);
        gateway.Hidden.Add(gateway.Telegram.Asked[2].Parameters.GetProperty("secret_token").GetString()!);
        Assert.NotNull(added.Json.GetProperty("webhook").GetProperty("told_at").GetString());
        Assert.Null(added.Json.GetProperty("webhook_secret").GetString());
        var upstream = (await gateway.SendAsync("GET", "/1")).Json.GetProperty("upstream");
        Assert.Equal(("webhook", "bots.example", true), (upstream.GetProperty("mode").GetString(), upstream.GetProperty("webhook_host").GetString(), upstream.GetProperty("is_ours").GetBoolean()));

        Assert.Null((await gateway.SendAsync("DELETE", "/1")).Json.GetProperty("warning").GetString());
        Assert.Equal("", gateway.Telegram.WebhookUrl);
    }

    [Fact]
    public async Task Post_TelegramRefusesTheWebhook_IsAddedWithAWarningAndTriedAgain()
    {
        gateway.Telegram.Refused["setWebhook"] = (400, """{"ok":false,"error_code":400,"description":"Bad Request: bad webhook"}""");
        var added = await gateway.AddAsync();
        Assert.Equal(("Bad Request: bad webhook", "Bad Request: bad webhook"), (added.Json.GetProperty("warning").GetString(), added.Json.GetProperty("webhook").GetProperty("error").GetString()));
        var again = await gateway.SendAsync("POST", "/1/webhook");
        Assert.Equal((502, "UPSTREAM_REFUSED"), again.Refusal);
        Assert.Equal("Bad Request: bad webhook", again.Json.GetProperty("details").GetProperty("telegram").GetString());

        gateway.Telegram.Refused.Clear();
        Assert.Equal((412, "PRECONDITION_FAILED"), (await gateway.SendAsync("POST", "/1/webhook", null, null, ("If-Match", "\"older\""))).Refusal);
        gateway.Telegram.WebhookUrl = "https://elsewhere.example/";
        Assert.Equal((409, "FOREIGN_WEBHOOK"), (await gateway.SendAsync("POST", "/1/webhook")).Refusal);
        Assert.Null((await gateway.SendAsync("POST", "/1/webhook", new { take_over = true })).Json.GetProperty("webhook").GetProperty("error").GetString());
        Assert.StartsWith("https://bots.example/", gateway.Telegram.WebhookUrl, StringComparison.Ordinal);
    }

    /// <summary>The poller looks once a minute for a webhook in its way; one that the gateway itself deletes must not cost that minute.</summary>
    [Fact]
    public async Task Patch_ToPollWhileThePollerStillSeesTheWebhook_IsPolledAsSoonAsItIsDeleted()
    {
        await gateway.AddAsync();
        var hold = new TaskCompletionSource();
        gateway.Telegram.Held["deleteWebhook"] = hold.Task;
        var changing = gateway.SendAsync("PATCH", "/1", new { mode = "poll" });
        // By the registration, by the change, and by the poller.
        await Poll.UntilAsync(() => gateway.Telegram.Count("getWebhookInfo") == 3, TimeSpan.FromSeconds(10), () => "the poller does not look");
        hold.SetResult();
        Assert.Equal(200, (await changing).Status);
        await Poll.UntilAsync(() => gateway.Telegram.Calls.Count == 1, TimeSpan.FromSeconds(5), () => "the bot is not polled");
    }

    [Fact]
    public async Task Changes_ThroughTheApi_AreAuditedWithWhoAndWhere()
    {
        await gateway.AddAsync();
        await using var connection = await gateway.Database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT action, actor_kind, actor_id, address, request_id FROM audit_log WHERE target_type = 'bot' ORDER BY id";
        await using var rows = await command.ExecuteReaderAsync();
        Assert.True(await rows.ReadAsync());
        Assert.Equal(("bot.add", 1L, 1L, "127.0.0.1"), (rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetString(3)));
        Assert.False(rows.IsDBNull(4));
    }
}
