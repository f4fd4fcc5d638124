using System.Net;
using System.Text.Json;
using Gateway.Access;
using Gateway.Messages;
using SampleUpdates = Gateway.Tests.Log.SampleUpdates;

namespace Gateway.Tests.Api;

public sealed class SqliteChatsApiTests : ChatsApiTests
{
    private protected override Task<string?> UrlAsync() => Task.FromResult<string?>(null);
}

/// <summary>Chats and their permissions over a real server: who sees them, who changes them, and that nobody else learns anything.</summary>
public abstract class ChatsApiTests : IAsyncLifetime
{
    private ChatServer server = null!;
    private long first;
    private long second;

    private protected abstract Task<string?> UrlAsync();

    public async Task InitializeAsync()
    {
        server = await ChatServer.StartAsync(await UrlAsync());
        // Two tenants' bots in one group: the same Telegram chat, two chats here.
        var batch = await server.CommitAsync(SampleUpdates.Message(1, 1, "of one", bot: 1, chat: -5), SampleUpdates.Message(2, 1, "of two", bot: 2, chat: -5));
        (first, second) = (batch.Items[0].ChatId, batch.Items[1].ChatId);
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    private static List<long> Ids(Reply reply, string things = "chats", string id = "id")
    {
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        return [.. reply.Json.GetProperty(things).EnumerateArray().Select(each => each.GetProperty(id).GetInt64())];
    }

    [Fact]
    public async Task List_EachCaller_HasItsOwnChatsAndTheirTotal()
    {
        var one = await server.KeyOnAsync(first, ChatRights.Read);
        var two = await server.KeyOnBotAsync(2, ChatRights.Read);
        var sender = await server.KeyOnAsync(first, ChatRights.Send);

        Assert.Equal([first, second], Ids(await server.GetAsync("/api/v1/chats")));
        var own = await server.GetAsync("/api/v1/chats", one.Text);
        Assert.Equal([first], Ids(own));
        Assert.Equal(1, own.Json.GetProperty("total").GetInt64());
        Assert.Equal([second], Ids(await server.GetAsync("/api/v1/chats", two.Text)));
        Assert.Empty(Ids(await server.GetAsync("/api/v1/chats?bot_id=2", one.Text)));
        Assert.Empty(Ids(await server.GetAsync("/api/v1/chats", sender.Text)));
        Assert.Equal([second], Ids(await server.GetAsync("/api/v1/chats?limit=1&offset=1")));
    }

    [Theory]
    [InlineData("q=вет", true)]
    [InlineData("q=ПРИВЕТ", true)]
    [InlineData("q=%25", true)]
    [InlineData("q=_", false)]
    [InlineData("q=!", false)]
    [InlineData("q=' OR 1=1 --", false)]
    [InlineData("q=\\", false)]
    public async Task List_Text_IsAPartOfANameAndNothingElse(string query, bool isFound)
    {
        await server.CallAsync("PATCH", $"/api/v1/chats/{first}", server.AdminKey, """{"label":"Привет 100%"}""");
        Assert.Equal(isFound ? [first] : [], Ids(await server.GetAsync("/api/v1/chats?" + query)));
    }

    [Fact]
    public async Task Get_EitherName_IsTheChat()
    {
        var reply = await server.GetAsync($"/api/v1/chats/{first}");
        Assert.Equal((HttpStatusCode.OK, "T", -5), (reply.Status, reply.Json.GetProperty("title").GetString(), reply.Json.GetProperty("telegram_chat_id").GetInt64()));
        Assert.Equal(reply.Text, (await server.GetAsync("/api/v1/chats/tg:1:-5")).Text);
        Assert.Equal(second, (await server.GetAsync("/api/v1/chats/tg:2:-5")).Json.GetProperty("id").GetInt64());
    }

    /// <summary>A chat of others, one that does not exist and one that is no name: one answer, by one way.</summary>
    [Theory]
    [InlineData("GET", "", null)]
    [InlineData("PATCH", "", """{"label":"x"}""")]
    [InlineData("GET", "/messages", null)]
    [InlineData("GET", "/permissions", null)]
    [InlineData("PUT", "/permissions", """{"api_key_id":1,"can_read":true}""")]
    [InlineData("DELETE", "/permissions?api_key_id=1", null)]
    public async Task Chat_OfOthers_IsAnsweredLikeNone(string method, string rest, string? body)
    {
        var key = await server.KeyOnAsync(first, ChatRights.All);
        await server.GetAsync($"/api/v1/chats/{first}", key.Text);
        await server.PollAsync();
        async Task<(Reply Reply, int Questions)> AskAsync(string name)
        {
            var before = server.Database.Opened;
            var reply = await server.CallAsync(method, $"/api/v1/chats/{name}{rest}", key.Text, body);
            return (reply, server.Database.Opened - before);
        }

        var (others, questions) = await AskAsync(second.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(HttpStatusCode.NotFound, others.Status);
        foreach (var name in new[] { "99999", "tg:2:-5", "tg:2:-6", "tg:9:-5" })
        {
            var (none, asked) = await AskAsync(name);
            Assert.Equal((others.Status, others.WithoutRequestId), (none.Status, none.WithoutRequestId));
            Assert.Equal(questions, asked);
        }

        foreach (var name in new[] { "0", "-1", "x", "1%20OR%201=1", "%00", "1.0", "9223372036854775808" })
        {
            var (none, _) = await AskAsync(name);
            if (none.Status != HttpStatusCode.BadRequest || name != "%00") Assert.Equal(others.WithoutRequestId, none.WithoutRequestId);
        }
    }

    [Fact]
    public async Task Grant_GivenAMomentAgo_ShowsTheChatAtOnce()
    {
        var key = await server.KeyAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"/api/v1/chats/{first}", key.Text)).Status);
        await server.Grants.SetAsync(Gateway.Storage.Actor.Gateway, null, PrincipalId.Key(key.Id), GrantTarget.InChat(new ChatName(first, 0, 0)), ChatRights.Read, default);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/api/v1/chats/{first}", key.Text)).Status);
    }

    [Fact]
    public async Task Add_NewChat_IsMadeOnceByWhoManagesTheBot()
    {
        var body = """{"bot_id":1,"telegram_chat_id":-77,"label":"ops"}""";
        var made = await server.CallAsync("POST", "/api/v1/chats", (await server.KeyOnBotAsync(1, ChatRights.All)).Text, body);
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var id = made.Json.GetProperty("id").GetInt64();
        Assert.Equal($"/api/v1/chats/{id}", made.Location!.ToString());
        Assert.Equal((await server.GetAsync($"/api/v1/chats/{id}")).Text, made.Text);
        Assert.Equal("chat.add", await server.ScalarAsync("SELECT action FROM audit_log ORDER BY id DESC LIMIT 1"));

        var again = await server.CallAsync("POST", "/api/v1/chats", server.AdminKey, body);
        Assert.Equal((HttpStatusCode.Conflict, "CHAT_EXISTS"), (again.Status, again.Code));
        Assert.Equal(id, again.Json.GetProperty("details").GetProperty("id").GetInt64());
        // What Telegram then tells of is this chat.
        Assert.Equal(id, (await server.CommitAsync(SampleUpdates.Message(9, 9, bot: 1, chat: -77))).Items[0].ChatId);
    }

    /// <summary>Who manages the bot has named the chat himself and cannot make it twice; its id is for who may read of it.</summary>
    [Fact]
    public async Task Add_ChatThatIsThere_IsNamedOnlyToWhoMayReadIt()
    {
        var body = """{"bot_id":1,"telegram_chat_id":-78}""";
        var id = (await server.CallAsync("POST", "/api/v1/chats", server.AdminKey, body)).Json.GetProperty("id").GetInt64();
        var manager = await server.KeyOnBotAsync(1, ChatRights.Manage);
        var blind = await server.CallAsync("POST", "/api/v1/chats", manager.Text, body);
        Assert.Equal((HttpStatusCode.Conflict, "CHAT_EXISTS"), (blind.Status, blind.Code));
        Assert.Equal("{}", blind.Json.GetProperty("details").GetRawText());

        await server.Grants.SetAsync(Gateway.Storage.Actor.Gateway, null, PrincipalId.Key(manager.Id), GrantTarget.InChat(new ChatName(id, 0, 0), threadId: 7), ChatRights.Read, default);
        await server.PollAsync();
        var seeing = await server.CallAsync("POST", "/api/v1/chats", manager.Text, body);
        Assert.Equal((HttpStatusCode.Conflict, id), (seeing.Status, seeing.Json.GetProperty("details").GetProperty("id").GetInt64()));
    }

    [Theory]
    [InlineData(1, HttpStatusCode.Forbidden, "FORBIDDEN")]
    [InlineData(2, HttpStatusCode.NotFound, "BOT_NOT_FOUND")]
    [InlineData(999, HttpStatusCode.NotFound, "BOT_NOT_FOUND")]
    public async Task Add_ToABotOneDoesNotManage_IsRefused(long bot, HttpStatusCode status, string code)
    {
        var key = await server.KeyOnAsync(first, ChatRights.All);
        var reply = await server.CallAsync("POST", "/api/v1/chats", key.Text, $$"""{"bot_id":{{bot}},"telegram_chat_id":-77}""");
        Assert.Equal((status, code), (reply.Status, reply.Code));
        Assert.Equal("0", await server.ScalarAsync("SELECT COUNT(*) FROM chats WHERE telegram_chat_id = -77"));
    }

    [Theory]
    [InlineData("""{"bot_id":1}""", "telegram_chat_id")]
    [InlineData("""{"bot_id":1,"telegram_chat_id":0}""", "telegram_chat_id")]
    [InlineData("""{"bot_id":"1","telegram_chat_id":-1}""", "bot_id")]
    [InlineData("""{"bot_id":1,"telegram_chat_id":-1,"labell":"x"}""", "labell")]
    [InlineData("""{"bot_id":1,"telegram_chat_id":-1,"label":""}""", "label")]
    public async Task Add_Mistake_IsToldByItsField(string body, string field)
    {
        var reply = await server.CallAsync("POST", "/api/v1/chats", server.AdminKey, body);
        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_FAILED"), (reply.Status, reply.Code));
        Assert.True(reply.Json.GetProperty("details").GetProperty("fields").TryGetProperty(field, out _), reply.Text);
    }

    [Fact]
    public async Task Change_Label_NeedsManageAndKeepsToIfMatch()
    {
        var path = $"/api/v1/chats/{first}";
        var reader = await server.KeyOnAsync(first, ChatRights.Read | ChatRights.Send);
        var manager = await server.KeyOnAsync(first, ChatRights.Read | ChatRights.Manage);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.CallAsync("PATCH", path, reader.Text, """{"label":"x"}""")).Status);

        var before = await server.GetAsync(path, reader.Text);
        var changed = await server.CallAsync("PATCH", path, manager.Text, """{"label":"'; DROP TABLE chats; -- \u0444"}""", before.ETag);
        Assert.Equal((HttpStatusCode.OK, "'; DROP TABLE chats; -- ф"), (changed.Status, changed.Json.GetProperty("label").GetString()));
        var late = await server.CallAsync("PATCH", path, manager.Text, """{"label":"late"}""", before.ETag);
        Assert.Equal((HttpStatusCode.PreconditionFailed, "PRECONDITION_FAILED"), (late.Status, late.Code));
        Assert.Equal(changed.ETag, (await server.GetAsync(path)).ETag);
        Assert.Equal(JsonValueKind.Null, (await server.CallAsync("PATCH", path, manager.Text, """{"label":null}""", changed.ETag)).Json.GetProperty("label").ValueKind);
        Assert.Equal("2", await server.ScalarAsync("SELECT COUNT(*) FROM audit_log WHERE action = 'chat.change'"));
    }

    /// <summary>What Telegram tells of the chat is part of what a client saw, too.</summary>
    [Theory]
    [InlineData("title = 'other'")]
    [InlineData("username = 'other'")]
    [InlineData("type = 'channel'")]
    [InlineData("label = 'other'")]
    [InlineData("migrated_to = 99")]
    public async Task Tag_OfAChatThatChanged_IsAnother(string change)
    {
        var before = (await server.GetAsync($"/api/v1/chats/{first}")).ETag;
        await server.ExecuteAsync($"UPDATE chats SET {change} WHERE id = {first}");
        Assert.NotEqual(before, (await server.GetAsync($"/api/v1/chats/{first}")).ETag);
    }

    [Fact]
    public async Task ChatLabelCharacters_More_AreRefused()
    {
        string Body(int length) => JsonSerializer.Serialize(new Dictionary<string, string> { ["label"] = new('я', length) });
        Assert.Equal(HttpStatusCode.OK, (await server.CallAsync("PATCH", $"/api/v1/chats/{first}", server.AdminKey, Body(Limits.Access.ChatLabelCharacters))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.CallAsync("PATCH", $"/api/v1/chats/{first}", server.AdminKey, Body(Limits.Access.ChatLabelCharacters + 1))).Status);
    }

    [Fact]
    public async Task Permissions_SetListAndRemoved_AreExactlyWhatWasSaid()
    {
        var path = $"/api/v1/chats/{first}/permissions";
        var key = await server.KeyAsync();
        var given = await server.CallAsync("PUT", path, server.AdminKey, $$"""{"api_key_id":{{key.Id}},"can_read":true,"can_send":true}""");
        Assert.Equal(HttpStatusCode.OK, given.Status);
        Assert.Equal((true, true, false), Rights(given.Json));
        given = await server.CallAsync("PUT", path, server.AdminKey, $$"""{"api_key_id":{{key.Id}},"can_read":true}""");
        Assert.Equal((true, false, false), Rights(given.Json));
        await server.CallAsync("PUT", path, server.AdminKey, $$"""{"api_key_id":{{key.Id}},"thread_id":4,"can_send":true}""");

        var list = (await server.GetAsync(path)).Json;
        Assert.Equal(2, list.GetProperty("total").GetInt64());
        Assert.Equal(["null", "4"], list.GetProperty("permissions").EnumerateArray().Select(each => each.GetProperty("thread_id").GetRawText()));
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/api/v1/chats/{first}", key.Text)).Status);

        Assert.Equal(HttpStatusCode.NoContent, (await server.CallAsync("DELETE", $"{path}?api_key_id={key.Id}", server.AdminKey)).Status);
        var gone = await server.CallAsync("DELETE", $"{path}?api_key_id={key.Id}", server.AdminKey);
        Assert.Equal((HttpStatusCode.NotFound, "PERMISSION_NOT_FOUND"), (gone.Status, gone.Code));
        await server.PollAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"/api/v1/chats/{first}", key.Text)).Status);
    }

    [Fact]
    public async Task Permissions_GivenByOneWhoHasLess_AreRefused()
    {
        var manager = await server.KeyOnAsync(first, ChatRights.Read | ChatRights.Manage);
        var reader = await server.KeyOnAsync(first, ChatRights.Read);
        var other = await server.KeyAsync();
        var path = $"/api/v1/chats/{first}/permissions";
        var more = await server.CallAsync("PUT", path, manager.Text, $$"""{"api_key_id":{{other.Id}},"can_read":true,"can_send":true}""");
        Assert.Equal((HttpStatusCode.Forbidden, "RIGHT_NOT_HELD"), (more.Status, more.Code));
        Assert.Equal(HttpStatusCode.OK, (await server.CallAsync("PUT", path, manager.Text, $$"""{"api_key_id":{{other.Id}},"can_read":true}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.CallAsync("PUT", path, reader.Text, $$"""{"api_key_id":{{other.Id}},"can_read":true}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.CallAsync("DELETE", $"{path}?api_key_id={other.Id}", reader.Text)).Status);
        Assert.Equal("PRINCIPAL_NOT_FOUND", (await server.CallAsync("PUT", path, manager.Text, """{"user_id":999,"can_read":true}""")).Code);
    }

    [Theory]
    [InlineData("""{"can_read":true}""", "api_key_id")]
    [InlineData("""{"api_key_id":1,"user_id":1,"can_read":true}""", "api_key_id")]
    [InlineData("""{"api_key_id":1}""", "can_read")]
    [InlineData("""{"api_key_id":1,"can_read":"yes"}""", "can_read")]
    [InlineData("""{"api_key_id":1,"can_write":true}""", "can_write")]
    public async Task Permissions_Mistake_IsToldByItsField(string body, string field)
    {
        var reply = await server.CallAsync("PUT", $"/api/v1/chats/{first}/permissions", server.AdminKey, body);
        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_FAILED"), (reply.Status, reply.Code));
        Assert.True(reply.Json.GetProperty("details").GetProperty("fields").TryGetProperty(field, out _), reply.Text);
    }

    [Fact]
    public async Task Chat_ThatBecameASupergroup_AnswersAsItselfAndNamesTheNewOne()
    {
        await server.ExecuteAsync($"UPDATE chats SET migrated_to = {second} WHERE id = {first}");
        var reply = await server.GetAsync($"/api/v1/chats/{first}");
        Assert.Equal((first, second), (reply.Json.GetProperty("id").GetInt64(), reply.Json.GetProperty("migrated_to").GetInt64()));
        Assert.Equal([1L], Ids(await server.GetAsync($"/api/v1/chats/{first}/messages"), "messages", "message_id"));
    }

    /// <summary>Regression: rights in the group that a supergroup was stayed for ever, and its history with them.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Permissions_TakenBackInASupergroup_AreTakenBackInTheGroupItWas(bool isNamedByTheGroup)
    {
        var key = await MigrateAsync(ChatRights.All, ChatRights.All);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/api/v1/chats/{first}/messages", key.Text)).Status);
        var removed = await server.CallAsync("DELETE", $"/api/v1/chats/{(isNamedByTheGroup ? first : second)}/permissions?api_key_id={key.Id}", server.AdminKey);
        Assert.Equal(HttpStatusCode.NoContent, removed.Status);
        await server.PollAsync();
        foreach (var chat in new[] { first, second }) Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"/api/v1/chats/{chat}/messages", key.Text)).Status);
        Assert.Equal("2", await server.ScalarAsync("SELECT COUNT(*) FROM audit_log WHERE action = 'grant.remove'"));
    }

    /// <summary>Regression: as above, of rights that are replaced. What was not given in the group is not added there.</summary>
    [Fact]
    public async Task Permissions_SetInASupergroup_LeaveNoMoreInTheGroupItWas()
    {
        var key = await MigrateAsync(ChatRights.Read | ChatRights.Send, ChatRights.All);
        var set = await server.CallAsync("PUT", $"/api/v1/chats/{first}/permissions", server.AdminKey, $$"""{"api_key_id":{{key.Id}},"can_send":true,"can_manage":true}""");
        Assert.Equal(second, set.Json.GetProperty("chat_id").GetInt64());
        Assert.Equal((false, true, true), Rights(set.Json));
        Assert.Equal((false, true, false), Rights((await server.GetAsync($"/api/v1/chats/{first}/permissions")).Json.GetProperty("permissions")[0]));
        await server.CallAsync("PUT", $"/api/v1/chats/{first}/permissions", server.AdminKey, $$"""{"api_key_id":{{key.Id}},"can_manage":true}""");
        Assert.Equal(0, (await server.GetAsync($"/api/v1/chats/{first}/permissions")).Json.GetProperty("total").GetInt64());
    }

    /// <summary>Who manages the supergroup alone neither sees nor takes rights in the group that it was.</summary>
    [Fact]
    public async Task Permissions_OfTheGroupASupergroupWas_AreForWhoManagesIt()
    {
        var key = await MigrateAsync(ChatRights.Read, ChatRights.Read);
        var manager = await server.KeyOnAsync(second, ChatRights.All);
        var path = $"/api/v1/chats/{second}/permissions?api_key_id={key.Id}";
        Assert.Equal(HttpStatusCode.NoContent, (await server.CallAsync("DELETE", path, manager.Text)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.CallAsync("DELETE", path, manager.Text)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/api/v1/chats/{first}/messages", key.Text)).Status);
    }

    /// <summary>Regression: two groups that each became the other held a transaction open for ever.</summary>
    [Fact]
    public async Task ChatMigrations_InACircle_EndSomewhere()
    {
        var key = await MigrateAsync(ChatRights.Read, ChatRights.Read);
        await server.ExecuteAsync($"UPDATE chats SET migrated_to = {first}, migrated_from = {first} WHERE id = {second}");
        await server.ExecuteAsync($"UPDATE chats SET migrated_from = {second} WHERE id = {first}");
        var removed = await server.CallAsync("DELETE", $"/api/v1/chats/{first}/permissions?api_key_id={key.Id}", server.AdminKey);
        Assert.Equal(HttpStatusCode.NoContent, removed.Status);
        Assert.Equal(8, Limits.Access.ChatMigrations);
    }

    /// <summary>The other threads' ids and readers are nothing for who reads one.</summary>
    [Fact]
    public async Task Permissions_List_IsForWhoReadsTheWholeChat()
    {
        var one = await server.KeyOnAsync(first, ChatRights.All, threadId: 7);
        var whole = await server.KeyOnAsync(first, ChatRights.Read);
        Assert.Equal([first], Ids(await server.GetAsync("/api/v1/chats", one.Text)));
        var reply = await server.GetAsync($"/api/v1/chats/{first}/permissions", one.Text);
        Assert.Equal((HttpStatusCode.Forbidden, "FORBIDDEN"), (reply.Status, reply.Code));
        Assert.Equal(2, (await server.GetAsync($"/api/v1/chats/{first}/permissions", whole.Text)).Json.GetProperty("total").GetInt64());
        // Nor does a thread make a manager.
        Assert.Equal(HttpStatusCode.Forbidden, (await server.CallAsync("PATCH", $"/api/v1/chats/{first}", one.Text, """{"label":"x"}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.CallAsync("DELETE", $"/api/v1/chats/{first}/permissions?api_key_id={whole.Id}", one.Text)).Status);
    }

    /// <summary>Regression: what could not be asked was answered 403, as if it were known.</summary>
    [Fact]
    public async Task Change_WhilePermissionsCannotBeRead_Is503()
    {
        var reader = await server.KeyOnAsync(first, ChatRights.Read);
        await server.GetAsync($"/api/v1/chats/{first}", reader.Text);
        server.IsAway = true;
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/api/v1/chats/{first}", reader.Text)).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.CallAsync("PATCH", $"/api/v1/chats/{first}", reader.Text, """{"label":"x"}""")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.CallAsync("POST", "/api/v1/chats", reader.Text, """{"bot_id":1,"telegram_chat_id":-77}""")).Status);
    }

    [Theory]
    [InlineData("*", HttpStatusCode.OK)]
    [InlineData("\"other\", TAG", HttpStatusCode.OK)]
    [InlineData("W/TAG", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"other\"", HttpStatusCode.PreconditionFailed)]
    public async Task Change_IfMatch_ComparesStrongly(string ifMatch, HttpStatusCode expected)
    {
        var path = $"/api/v1/chats/{first}";
        await server.CallAsync("PATCH", path, server.AdminKey, """{"label":"before"}""");
        var tag = (await server.GetAsync(path)).ETag!;
        // Nothing is named: nothing is changed, and the condition is asked all the same.
        var reply = await server.CallAsync("PATCH", path, server.AdminKey, "{}", ifMatch.Replace("TAG", tag, StringComparison.Ordinal));
        Assert.Equal(expected, reply.Status);
        Assert.Equal("before", (await server.GetAsync(path)).Json.GetProperty("label").GetString());
    }

    /// <summary>The first chat became the second, and the key had these rights in both.</summary>
    private async Task<CreatedApiKey> MigrateAsync(ChatRights inFirst, ChatRights inSecond)
    {
        var key = await server.KeyOnAsync(first, inFirst);
        await server.Grants.SetAsync(Gateway.Storage.Actor.Gateway, null, PrincipalId.Key(key.Id), GrantTarget.InChat(new ChatName(second, 0, 0)), inSecond, default);
        // As a migration leaves them: two chats of one bot.
        await server.ExecuteAsync($"UPDATE chats SET bot_id = 1, telegram_chat_id = -6, migrated_from = {first} WHERE id = {second}");
        await server.ExecuteAsync($"UPDATE chats SET migrated_to = {second} WHERE id = {first}");
        return key;
    }

    private static (bool, bool, bool) Rights(JsonElement json) =>
        (json.GetProperty("can_read").GetBoolean(), json.GetProperty("can_send").GetBoolean(), json.GetProperty("can_manage").GetBoolean());
}
