using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Ingest;
using Gateway.Messages;
using Gateway.Tests.Support;

namespace Gateway.Tests.Api;

public sealed class BotsHandlerTests : IAsyncLifetime
{
    private const string Token = FakeTelegram.Token;

    private BotsGateway gateway = null!;

    public async Task InitializeAsync() => gateway = await BotsGateway.StartAsync();

    public async Task DisposeAsync() => await gateway.DisposeAsync();

    [Fact]
    public async Task Post_GoodToken_IsAddedListedAndShown()
    {
        var added = await gateway.AddAsync(new { token = Token, label = "Support", retention_days = 7 });
        Assert.Equal("/api/v1/bots/1", added.Location);
        var bot = added.Json;
        Assert.Equal((1, 111, "test_bot", "Support", "webhook", 7), (bot.GetProperty("id").GetInt64(), bot.GetProperty("telegram_id").GetInt64(),
            bot.GetProperty("username").GetString(), bot.GetProperty("label").GetString(), bot.GetProperty("mode").GetString(), bot.GetProperty("retention_days").GetInt32()));
        var secret = bot.GetProperty("webhook_secret").GetString()!;
        Assert.Equal(43, secret.Length);

        var shown = await gateway.SendAsync("GET", "/1");
        Assert.Equal((200, added.Tag), (shown.Status, shown.Tag));
        Assert.False(shown.Json.TryGetProperty("webhook_secret", out _));
        Assert.Equal("poll", shown.Json.GetProperty("upstream").GetProperty("mode").GetString());
        Assert.Equal(JsonValueKind.Null, shown.Json.GetProperty("upstream_unavailable").ValueKind);
        var list = (await gateway.SendAsync("GET", "?limit=10")).Json;
        Assert.Equal((1, 0, 10), (list.GetProperty("total").GetInt32(), list.GetProperty("offset").GetInt32(), list.GetProperty("limit").GetInt32()));
        Assert.Equal("Support", Assert.Single(list.GetProperty("bots").EnumerateArray()).GetProperty("label").GetString());
        Assert.Equal((409, "BOT_EXISTS"), (await gateway.SendAsync("POST", "", new { token = Token })).Refusal);
        Assert.DoesNotContain(secret, shown.Content + list.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_OfAPage_CountsEveryBotThatTheCallerSees()
    {
        for (var id = 1; id <= 3; id++) await gateway.AddAsync(new { token = $"{id}:a-token-of-a-bot-of-this-test-0123", verify = false });
        var reader = await gateway.KeyAsync(scopes: "bots:read");
        await gateway.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, created_at_ms) VALUES (1, 2, 1, 1, 0), (1, 2, 3, 1, 0)");
        foreach (var (key, second, total) in new[] { (gateway.AdminKey, 2, 3), (reader, 3, 2) })
        {
            var page = (await gateway.SendAsync("GET", "?limit=1&offset=1", key: key)).Json;
            Assert.Equal((second, total), (Assert.Single(page.GetProperty("bots").EnumerateArray()).GetProperty("id").GetInt32(), page.GetProperty("total").GetInt32()));
        }
    }

    /// <summary>The answer to a change may hold a secret; what is shown afterwards is the caller's alone, and asked about each time.</summary>
    [Fact]
    public async Task Answers_AreNotKeptByCachesInBetween()
    {
        Assert.Equal("no-store", (await gateway.AddAsync()).CacheControl);
        Assert.Equal("no-store", (await gateway.SendAsync("PATCH", "/1", new { label = "x" })).CacheControl);
        Assert.Equal("private, no-cache", Directives((await gateway.SendAsync("GET", "/1")).CacheControl));

        static string Directives(string? header) => string.Join(", ", header!.Split(", ").OrderDescending(StringComparer.Ordinal));
    }

    /// <summary>The running server knows the bot at once, and one that was given back no more.</summary>
    [Fact]
    public async Task Post_NewBot_ReceivesUpdatesWithoutARestart()
    {
        var secret = (await gateway.AddAsync()).Json.GetProperty("webhook_secret").GetString();
        Assert.Equal(HttpStatusCode.OK, await UpdateAsync(secret, 1));
        Assert.Equal(200, (await gateway.SendAsync("DELETE", "/1")).Status);
        await Poll.UntilAsync(async () => await UpdateAsync(secret, 2) != HttpStatusCode.OK, TimeSpan.FromSeconds(1), () => "a removed bot still receives after a second");
        Assert.Equal((404, "BOT_NOT_FOUND"), (await gateway.SendAsync("GET", "/1")).Refusal);
        Assert.Equal(1, (await gateway.AddAsync()).Json.GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task Pause_RunningServer_RefusesUpdatesWithinASecondAndTakesThemAfterResume()
    {
        var secret = (await gateway.AddAsync()).Json.GetProperty("webhook_secret").GetString();
        Assert.True((await gateway.SendAsync("POST", "/1/pause")).Json.GetProperty("is_paused").GetBoolean());
        await Poll.UntilAsync(async () => await UpdateAsync(secret, 1) == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1), () => "a paused bot still receives after a second");
        Assert.False((await gateway.SendAsync("POST", "/1/resume")).Json.GetProperty("is_paused").GetBoolean());
        await Poll.UntilAsync(async () => await UpdateAsync(secret, 1) == HttpStatusCode.OK, TimeSpan.FromSeconds(1), () => "a resumed bot does not receive after a second");
    }

    [Fact]
    public async Task Patch_ToPoll_IsPolledWithinASecondAndNoMoreWhilePaused()
    {
        await gateway.AddAsync();
        Assert.Equal("poll", (await gateway.SendAsync("PATCH", "/1", new { mode = "poll" })).Json.GetProperty("mode").GetString());
        await Poll.UntilAsync(() => gateway.Telegram.Calls.Count == 1, TimeSpan.FromSeconds(2), () => "the bot is not polled");
        await gateway.SendAsync("POST", "/1/pause");
        gateway.Telegram.Add(1, """{"update_id":1}""");
        await Poll.UntilAsync(async () => (await gateway.SendAsync("GET", "/1")).Json.GetProperty("upstream").GetProperty("pending_updates").GetInt32() == 1, TimeSpan.FromSeconds(10), () => "the update does not wait at Telegram");
        await gateway.SendAsync("POST", "/1/resume");
        await Poll.UntilAsync(() => gateway.Telegram.Pending.Count == 0, TimeSpan.FromSeconds(10), () => "the update was not fetched");
    }

    [Fact]
    public async Task Post_TokenThatTelegramDoesNotKnow_Is400AndNothingIsStored()
    {
        const string unknown = "5:a-token-that-nobody-has-given";
        gateway.Hidden.Add(unknown);
        var refused = await gateway.SendAsync("POST", "", new { token = unknown });
        Assert.Equal((400, "TOKEN_REJECTED"), refused.Refusal);
        Assert.Equal("Unauthorized", refused.Json.GetProperty("details").GetProperty("telegram").GetString());
        Assert.Equal(0, (await gateway.SendAsync("GET", "")).Json.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Post_TelegramAway_Is502AndNothingIsStored()
    {
        gateway.Telegram.Refused["getMe"] = (502, "<html>Bad Gateway</html>");
        Assert.Equal((502, "UPSTREAM_UNAVAILABLE"), (await gateway.SendAsync("POST", "", new { token = Token })).Refusal);
        Assert.Equal((502, "UPSTREAM_UNAVAILABLE"), (await gateway.SendAsync("POST", "", new { token = Token, base_url = "http://127.0.0.1:1" })).Refusal);
        Assert.Equal(0, (await gateway.SendAsync("GET", "")).Json.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Post_ForeignWebhook_Is409UnlessTakenOver()
    {
        gateway.Telegram.WebhookUrl = "https://elsewhere.example/hook/s3cr3t";
        gateway.Hidden.Add("s3cr3t");
        Assert.Equal((409, "FOREIGN_WEBHOOK"), (await gateway.SendAsync("POST", "", new { token = Token })).Refusal);
        await gateway.AddAsync(new { token = Token, take_over = true });
        var upstream = (await gateway.SendAsync("GET", "/1")).Json.GetProperty("upstream");
        Assert.Equal(("webhook", "elsewhere.example", false), (upstream.GetProperty("mode").GetString(), upstream.GetProperty("webhook_host").GetString(), upstream.GetProperty("is_ours").GetBoolean()));
    }

    [Theory]
    [InlineData("""{}""", "\"token\":\"is missing\"")]
    [InlineData("""{"token":"not a token"}""", "has not the form of a bot token")]
    [InlineData("""{"token":"1:AAAAAAAAAAAAAAAAAAAAAAAA","mode":"both"}""", "\"mode\"")]
    [InlineData("""{"token":"1:AAAAAAAAAAAAAAAAAAAAAAAA","webhook_secret":"short"}""", "\"webhook_secret\"")]
    [InlineData("""{"token":"1:AAAAAAAAAAAAAAAAAAAAAAAA","webhook_secret":"with/slash-and-long-enough-to-be-good"}""", "\"webhook_secret\"")]
    [InlineData("""{"token":"1:AAAAAAAAAAAAAAAAAAAAAAAA","base_url":"file:///etc/passwd"}""", "\"base_url\"")]
    [InlineData("""{"token":"1:AAAAAAAAAAAAAAAAAAAAAAAA","retention_days":1}""", "\"retention_days\"")]
    [InlineData("""{"token":"1:AAAAAAAAAAAAAAAAAAAAAAAA","label":""}""", "\"label\"")]
    [InlineData("""{"token":"1:AAAAAAAAAAAAAAAAAAAAAAAA","lable":"x"}""", "\"lable\":\"is not known here\"")]
    public async Task Post_FieldsThatAreNotValid_Are400ByFieldAndTelegramIsNotAsked(string body, string field)
    {
        var refused = await gateway.SendAsync("POST", "", body);
        Assert.Equal((400, "VALIDATION_FAILED"), refused.Refusal);
        Assert.Contains(field, refused.Fields, StringComparison.Ordinal);
        Assert.Empty(gateway.Telegram.Asked);
    }

    [Fact]
    public async Task Post_LabelAtItsLimit_IsTakenAndOneCharacterMoreIsNot()
    {
        Assert.Equal(400, (await gateway.SendAsync("POST", "", new { token = Token, label = new string('x', Limits.Ingest.LabelCharacters + 1) })).Status);
        await gateway.AddAsync(new { token = Token, label = new string('é', Limits.Ingest.LabelCharacters) });
    }

    [Fact]
    public async Task Patch_NamedFields_AreChangedAndTheOthersStay()
    {
        var added = await gateway.AddAsync(new { token = Token, label = "old", retention_days = 9 });
        var changed = await gateway.SendAsync("PATCH", "/1", new { label = "'; DROP TABLE bots; --" });
        Assert.Equal(("'; DROP TABLE bots; --", 9), (changed.Json.GetProperty("label").GetString(), changed.Json.GetProperty("retention_days").GetInt32()));
        Assert.NotEqual(added.Tag, changed.Tag);
        var cleared = (await gateway.SendAsync("PATCH", "/1", """{"label":null,"retention_days":null}""")).Json;
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (cleared.GetProperty("label").ValueKind, cleared.GetProperty("retention_days").ValueKind));
        Assert.Equal(400, (await gateway.SendAsync("PATCH", "/1", """{"mode":null}""")).Status);
        Assert.Equal((404, "BOT_NOT_FOUND"), (await gateway.SendAsync("PATCH", "/2", new { label = "x" })).Refusal);
    }

    [Fact]
    public async Task Patch_TokenOfAnotherBot_IsRefused()
    {
        await gateway.AddAsync();
        const string other = "222:the-token-of-quite-another-bot", unknown = "111:a-token-that-nobody-has-given";
        gateway.Hidden.AddRange([other, unknown]);
        gateway.Telegram.Tokens[other] = 222;
        Assert.Equal((409, "TOKEN_OF_ANOTHER_BOT"), (await gateway.SendAsync("PATCH", "/1", new { token = other })).Refusal);
        Assert.Equal((400, "TOKEN_REJECTED"), (await gateway.SendAsync("PATCH", "/1", new { token = unknown })).Refusal);
        gateway.Telegram.Tokens[unknown] = 111;
        Assert.Equal(200, (await gateway.SendAsync("PATCH", "/1", new { token = unknown })).Status);
    }

    [Fact]
    public async Task Patch_Server_MustKnowTheBotAndIsToldOfIt()
    {
        await gateway.AddAsync();
        Assert.Equal((502, "UPSTREAM_UNAVAILABLE"), (await gateway.SendAsync("PATCH", "/1", new { base_url = "http://127.0.0.1:1" })).Refusal);
        await using var other = await FakeTelegram.StartAsync();
        other.Tokens[Token] = 5;
        Assert.Equal((409, "TOKEN_OF_ANOTHER_BOT"), (await gateway.SendAsync("PATCH", "/1", new { base_url = other.BaseUrl })).Refusal);
        other.Tokens[Token] = 111;
        Assert.Equal(other.BaseUrl, (await gateway.SendAsync("PATCH", "/1", new { base_url = other.BaseUrl })).Json.GetProperty("base_url").GetString());
        Assert.NotNull((await gateway.SendAsync("GET", "/1")).Json.GetProperty("upstream").GetProperty("mode").GetString());
        Assert.Equal(1, other.Count("getWebhookInfo"));
        Assert.Equal(400, (await gateway.SendAsync("PATCH", "/1", new { base_url = "ftp://x" })).Status);
    }

    [Fact]
    public async Task Post_MoreThanAreChangedAtOnce_Is503()
    {
        var hold = new TaskCompletionSource();
        gateway.Telegram.Held["getMe"] = hold.Task;
        var waiting = Enumerable.Range(0, Limits.Ingest.BotChanges).Select(_ => gateway.SendAsync("POST", "", new { token = Token })).ToArray();
        await Poll.UntilAsync(() => gateway.Telegram.Count("getMe") == Limits.Ingest.BotChanges, TimeSpan.FromSeconds(10), () => "Telegram is not asked by all");
        Assert.Equal((503, "UNAVAILABLE"), (await gateway.SendAsync("POST", "", new { token = Token })).Refusal);
        hold.SetResult();
        var answers = await Task.WhenAll(waiting);
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((409, "BOT_EXISTS"), answer.Refusal));
        Assert.Equal(200, (await gateway.SendAsync("PATCH", "/1", new { label = "x" })).Status);
    }

    [Fact]
    public async Task IfMatch_OfAnOlderState_Is412AndChangesNothing()
    {
        var added = await gateway.AddAsync();
        var changed = await gateway.SendAsync("PATCH", "/1", new { label = "first" }, null, ("If-Match", added.Tag!));
        Assert.Equal(200, changed.Status);
        foreach (var (method, path, body) in new (string, string, object?)[] { ("PATCH", "/1", new { label = "second" }), ("DELETE", "/1", null), ("POST", "/1/pause", null), ("PATCH", "/1", new { mode = "poll" }) })
        {
            Assert.Equal((412, "PRECONDITION_FAILED"), (await gateway.SendAsync(method, path, body, null, ("If-Match", added.Tag!))).Refusal);
        }

        Assert.Equal("first", (await gateway.SendAsync("GET", "/1")).Json.GetProperty("label").GetString());
        Assert.Equal(200, (await gateway.SendAsync("PATCH", "/1", new { label = "third" }, null, ("If-Match", "\"x\", " + changed.Tag))).Status);
    }

    [Fact]
    public async Task IfNoneMatch_OfTheStateThatIs_Is304AndAsksNobody()
    {
        var added = await gateway.AddAsync();
        var asked = gateway.Telegram.Asked.Count;
        var same = await gateway.SendAsync("GET", "/1", null, null, ("If-None-Match", added.Tag!));
        Assert.Equal((304, "", added.Tag), (same.Status, same.Content, same.Tag));
        Assert.Equal(asked, gateway.Telegram.Asked.Count);
        await gateway.SendAsync("PATCH", "/1", new { rotate_webhook_secret = true });
        Assert.Equal(200, (await gateway.SendAsync("GET", "/1", null, null, ("If-None-Match", added.Tag!))).Status);
    }

    [Fact]
    public async Task Get_TelegramAway_IsTheBotWithTheReason()
    {
        await gateway.AddAsync();
        gateway.Telegram.Refused["getWebhookInfo"] = (502, "no");
        var shown = (await gateway.SendAsync("GET", "/1")).Json;
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("upstream").ValueKind);
        Assert.Contains("HTTP 502", shown.GetProperty("upstream_unavailable").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/0")]
    [InlineData("/-1")]
    [InlineData("/x")]
    [InlineData("/1%20OR%201=1")]
    [InlineData("/99999999999999999999")]
    public async Task Path_ThatNamesNoBot_Is404(string path)
    {
        await gateway.AddAsync();
        Assert.Equal((404, "BOT_NOT_FOUND"), (await gateway.SendAsync("GET", path)).Refusal);
        Assert.Equal((404, "BOT_NOT_FOUND"), (await gateway.SendAsync("DELETE", path)).Refusal);
    }

    [Theory]
    [InlineData("?offset=-1")]
    [InlineData("?limit=0")]
    [InlineData("?limit=501")]
    [InlineData("?page=1")]
    public async Task List_PageThatIsNotValid_Is400(string query) => Assert.Equal(400, (await gateway.SendAsync("GET", query)).Status);

    private async Task<HttpStatusCode> UpdateAsync(string? secret, long id)
    {
        using var content = new StringContent($$"""{"update_id":{{id}},"message":{"message_id":{{id}},"date":1,"chat":{"id":3,"type":"private"},"text":"x"} }""", Encoding.UTF8, "application/json");
        using var answer = await gateway.Client.PostAsync(new Uri($"{WebhookAddress.Path}{secret}", UriKind.Relative), content);
        return answer.StatusCode;
    }
}
