using System.Net;
using System.Text.Json;
using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using SampleUpdates = Gateway.Tests.Log.SampleUpdates;

namespace Gateway.Tests.Api;

/// <summary>Messages over a real server. What the engines do is in the store's suite; here is who gets what, and what a request may say.</summary>
public sealed class MessagesApiTests : IAsyncLifetime
{
    private ChatServer server = null!;
    private long first;
    private long second;

    public async Task InitializeAsync()
    {
        server = await ChatServer.StartAsync();
        var batch = await server.CommitAsync(
            SampleUpdates.Message(1, 1, "common one", bot: 1, chat: -5), SampleUpdates.Message(2, 1, "common two", bot: 2, chat: -5),
            SampleUpdates.Message(3, 2, "common three", bot: 1, chat: -5, extra: ",\"message_thread_id\":7,\"is_topic_message\":true"));
        (first, second) = (batch.Items[0].ChatId, batch.Items[1].ChatId);
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    private static List<long> Ids(Reply reply)
    {
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Text);
        return [.. reply.Json.GetProperty("messages").EnumerateArray().Select(each => each.GetProperty("message_id").GetInt64())];
    }

    [Fact]
    public async Task List_EachTenant_HasOnlyItsOwn()
    {
        var one = (await server.KeyOnAsync(first, ChatRights.Read)).Text;
        var two = (await server.KeyOnBotAsync(2, ChatRights.Read)).Text;
        var none = (await server.KeyAsync()).Text;
        foreach (var query in new[] { "", "?q=common" })
        {
            Assert.Equal([3, 2, 1], Ids(await server.GetAsync("/api/v1/messages" + query)));
            Assert.Equal([3, 1], Ids(await server.GetAsync("/api/v1/messages" + query, one)));
            Assert.Equal([3, 1], Ids(await server.GetAsync($"/api/v1/chats/{first}/messages" + query, one)));
            Assert.Equal([2], Ids(await server.GetAsync("/api/v1/messages" + query, two)));
            Assert.Empty(Ids(await server.GetAsync("/api/v1/messages" + query, none)));
        }

        Assert.Equal([2], Ids(await server.GetAsync("/api/v1/messages?chat_id=tg:2:-5", two)));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/api/v1/messages?chat_id=tg:2:-5", one)).Status);
        Assert.Empty(Ids(await server.GetAsync("/api/v1/messages?q=two", one)));
    }

    [Fact]
    public async Task List_OneThread_IsAllThatItsReaderHas()
    {
        var key = (await server.KeyOnAsync(first, ChatRights.Read, threadId: 7)).Text;
        Assert.Equal([3], Ids(await server.GetAsync($"/api/v1/chats/{first}/messages", key)));
        Assert.Equal([3], Ids(await server.GetAsync($"/api/v1/chats/{first}/messages?q=common", key)));
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/v1/messages/3", key)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/api/v1/messages/1", key)).Status);
    }

    /// <summary>A list of one chat is of that chat also for who may read more: the bot's other chats, threads of them, or everything.</summary>
    [Fact]
    public async Task List_OfAChat_HasNothingOfTheOthersThatItsReaderHas()
    {
        var other = (await server.CommitAsync(
            SampleUpdates.Message(4, 1, "common four", bot: 1, chat: -6), SampleUpdates.Message(5, 2, "common five", bot: 1, chat: -6, extra: ",\"message_thread_id\":7"))).Items[0].ChatId;
        var bot = (await server.KeyOnBotAsync(1, ChatRights.Read)).Text;
        var threads = await server.KeyOnAsync(first, ChatRights.Read, threadId: 7);
        await server.Grants.SetAsync(
            Gateway.Storage.Actor.Gateway, null, PrincipalId.Key(threads.Id), GrantTarget.InChat(new ChatName(other, 0, 0), 7), ChatRights.Read, default);
        await server.PollAsync();
        foreach (var query in new[] { "limit=9", "q=common" })
        {
            foreach (var (key, ofFirst, ofOther) in new[] { (server.AdminKey, (long[])[3, 1], (long[])[5, 4]), (bot, [3, 1], [5, 4]), (threads.Text, [3], [5]) })
            {
                Assert.Equal(ofFirst, Ids(await server.GetAsync($"/api/v1/chats/{first}/messages?{query}", key)));
                Assert.Equal(ofFirst, Ids(await server.GetAsync($"/api/v1/messages?chat_id={first}&{query}", key)));
                Assert.Equal(ofOther, Ids(await server.GetAsync($"/api/v1/messages?chat_id=tg:1:-6&{query}", key)));
            }

            Assert.Equal([5, 3], Ids(await server.GetAsync("/api/v1/messages?" + query, threads.Text)));
        }
    }

    /// <summary>More hits in threads that are hidden than a page looks at must not end the page with a cursor: that would tell that the word is there.</summary>
    [Fact]
    public async Task Search_HitsInHiddenThreads_ChangeNothingOfTheAnswer()
    {
        var key = (await server.KeyOnAsync(first, ChatRights.Read, threadId: 7)).Text;
        string[] paths = ["/api/v1/messages?q=three", $"/api/v1/chats/{first}/messages?q=three", "/api/v1/messages?q=three&limit=1", "/api/v1/messages?q=absent", "/api/v1/messages?q=three&thread_id=8"];
        var before = await Task.WhenAll(paths.Select(path => server.GetAsync(path, key)));
        Assert.Equal([[3], [3], [3], [], []], before.Select(Ids));
        for (var at = 10; at < Limits.Search.WalkedEvents + 20; at += 500)
        {
            await server.CommitAsync([.. Enumerable.Range(at, 500).Select(id =>
                SampleUpdates.Message(id, id, "three absent", bot: 1, chat: -5, extra: id % 2 == 0 ? ",\"message_thread_id\":8,\"is_topic_message\":true" : ""))]);
        }

        for (var at = 0; at < paths.Length; at++) Assert.Equal(before[at].Text, (await server.GetAsync(paths[at], key)).Text);
        Assert.Equal(50, Ids(await server.GetAsync("/api/v1/messages?q=absent")).Count);
    }

    /// <summary>Of a chat without its own threads, too: rights on the whole chat and on threads of another one are searched together.</summary>
    [Fact]
    public async Task Search_ChatBotAndThread_FindTheirOwnTogether()
    {
        var key = await server.KeyOnAsync(first, ChatRights.Read, threadId: 7);
        Assert.Equal(GrantStatus.Done, (await server.Grants.SetAsync(
            Gateway.Storage.Actor.Gateway, null, PrincipalId.Key(key.Id), GrantTarget.InChat(new ChatName(second, 0, 0), 0), ChatRights.Read, default)).Status);
        await server.PollAsync();
        Assert.Equal([3, 2], Ids(await server.GetAsync("/api/v1/messages?q=common", key.Text)));
        Assert.Equal([3, 2], Ids(await server.GetAsync("/api/v1/messages", key.Text)));
        Assert.Equal([3], Ids(await server.GetAsync("/api/v1/messages?q=common&thread_id=7", key.Text)));
    }

    [Fact]
    public async Task Get_Message_HasTheEventsNames()
    {
        var json = (await server.GetAsync("/api/v1/messages/3")).Json;
        Assert.Equal((3, 1, first, 2, -5), (json.GetProperty("message_id").GetInt64(), json.GetProperty("bot_id").GetInt64(), json.GetProperty("chat_id").GetInt64(),
            json.GetProperty("telegram_id").GetInt64(), json.GetProperty("telegram_chat_id").GetInt64()));
        Assert.Equal(("incoming", "text", "common three", 7, "2026-01-01T00:00:00Z"), (json.GetProperty("direction").GetString(), json.GetProperty("message_type").GetString(),
            json.GetProperty("text").GetString(), json.GetProperty("thread_id").GetInt64(), json.GetProperty("timestamp").GetString()));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("edited_at").ValueKind);
    }

    [Fact]
    public async Task Get_MessageOfOthers_IsAnsweredLikeNone()
    {
        var key = (await server.KeyOnAsync(first, ChatRights.All)).Text;
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/v1/messages/1", key)).Status);
        await server.PollAsync();
        var before = server.Database.Opened;
        var others = await server.GetAsync("/api/v1/messages/2", key);
        var questions = server.Database.Opened - before;
        Assert.Equal((HttpStatusCode.NotFound, "MESSAGE_NOT_FOUND"), (others.Status, others.Code));
        foreach (var id in new[] { "99", "0", "-2", "x", "9223372036854775808", "2%27--" })
        {
            before = server.Database.Opened;
            Assert.Equal(others.WithoutRequestId, (await server.GetAsync("/api/v1/messages/" + id, key)).WithoutRequestId);
            Assert.Equal(questions, server.Database.Opened - before);
        }
    }

    [Fact]
    public async Task Pages_WhileMessagesArrive_GoOnWhereTheyWere()
    {
        List<long> seen = [];
        string? cursor = null;
        for (var next = 10; ; next++)
        {
            var reply = await server.GetAsync("/api/v1/messages?limit=1" + (cursor is null ? "" : "&cursor=" + cursor));
            seen.AddRange(Ids(reply));
            await server.CommitAsync(SampleUpdates.Message(next, next, bot: 1, chat: -5));
            if (!reply.Json.GetProperty("has_more").GetBoolean()) break;
            cursor = reply.Json.GetProperty("next_cursor").GetString();
        }

        Assert.Equal([3, 2, 1], seen);
    }

    [Theory]
    [InlineData("cursor=x", "cursor")]
    [InlineData("cursor=' OR 1=1", "cursor")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("q=", "q")]
    [InlineData("q=!!", "q")]
    [InlineData("from_user_id=x", "from_user_id")]
    [InlineData("thread_id=1.5", "thread_id")]
    [InlineData("message_type=", "message_type")]
    [InlineData("chat=1", "query")]
    [InlineData("q=a&q=b", "query")]
    public async Task List_Mistake_IsToldByItsField(string query, string field)
    {
        foreach (var path in new[] { "/api/v1/messages", $"/api/v1/chats/{first}/messages" })
        {
            var reply = await server.GetAsync($"{path}?{query}");
            Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_FAILED"), (reply.Status, reply.Code));
            Assert.True(reply.Json.GetProperty("details").GetProperty("fields").TryGetProperty(field, out _), reply.Text);
        }
    }

    [Theory]
    [InlineData("' OR '1'='1")]
    [InlineData("common\" OR \"two")]
    [InlineData("chat1 OR bot2")]
    [InlineData("common) OR (two")]
    [InlineData("*")]
    [InlineData("\u0000common")]
    public async Task Search_Injection_FindsNothingOfOthers(string q)
    {
        var key = (await server.KeyOnAsync(first, ChatRights.Read)).Text;
        var reply = await server.GetAsync("/api/v1/messages?q=" + Uri.EscapeDataString(q), key);
        if (reply.Status == HttpStatusCode.OK) Assert.DoesNotContain(2, Ids(reply));
        else Assert.Equal("VALIDATION_FAILED", reply.Code);
    }

    /// <summary>Every single wrong character: a cursor is this gateway's or none.</summary>
    [Fact]
    public async Task Cursor_WithAWrongCharacter_Is400()
    {
        var cursor = CursorPage.Encode(3);
        Assert.Equal([2, 1], Ids(await server.GetAsync("/api/v1/messages?cursor=" + cursor)));
        for (var at = 0; at < cursor.Length; at++)
        {
            var wrong = cursor[..at] + (cursor[at] == 'B' ? 'C' : 'B') + cursor[(at + 1)..];
            Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync("/api/v1/messages?cursor=" + wrong)).Status);
        }
    }

    [Fact]
    public async Task Scopes_MoreThanAreAllowed_Is400()
    {
        var key = await server.KeyAsync();
        for (var chat = 0; chat <= Limits.Search.Scopes; chat++)
            await server.ExecuteAsync($"INSERT INTO grants (principal_kind, principal_id, chat_id, can_read, created_at_ms) VALUES (1, {key.Id}, {1000 + chat}, 1, 0)");
        await server.ExecuteAsync("UPDATE control_version SET version = version + 1");
        await server.PollAsync();
        var reply = await server.GetAsync("/api/v1/messages", key.Text);
        Assert.Equal((HttpStatusCode.BadRequest, "TOO_MANY_CHATS"), (reply.Status, reply.Code));
    }

    /// <summary>Many threads of one chat are one walk, and one condition each for the index.</summary>
    [Fact]
    public async Task Scopes_MoreThreadsThanAreAllowed_Is400OnlyForASearch()
    {
        var key = await server.KeyAsync(scopes: "messages:read");
        for (var thread = 1; thread <= Limits.Search.Scopes + 1; thread++)
            await server.ExecuteAsync($"INSERT INTO grants (principal_kind, principal_id, chat_id, thread_id, can_read, created_at_ms) VALUES (1, {key.Id}, {first}, {thread}, 1, 0)");
        await server.ExecuteAsync("UPDATE control_version SET version = version + 1");
        await server.PollAsync();
        foreach (var path in new[] { "/api/v1/messages", $"/api/v1/chats/{first}/messages" })
        {
            Assert.Equal([3], Ids(await server.GetAsync(path, key.Text)));
            var reply = await server.GetAsync(path + "?q=common", key.Text);
            Assert.Equal((HttpStatusCode.BadRequest, "TOO_MANY_CHATS"), (reply.Status, reply.Code));
            Assert.Equal([3], Ids(await server.GetAsync(path + "?q=common&thread_id=7", key.Text)));
        }
    }

    [Fact]
    public async Task List_WithoutTheScope_Is403()
    {
        var key = (await server.KeyAsync(scopes: "chats:read")).Text;
        Assert.Equal(HttpStatusCode.Forbidden, (await server.GetAsync("/api/v1/messages", key)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/v1/chats", key)).Status);
    }
}
