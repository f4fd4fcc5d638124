using Gateway.Log;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Log;

/// <summary>Pages of messages, newest first.</summary>
public abstract partial class LogStoreSuite
{
    private async Task<(List<long> Ids, long? Next)> MessagesAsync(MessageQuery query)
    {
        var page = (await Fixture.Messages.ReadAsync(query, default))!;
        return (page.Messages.Select(message => message.Id).ToList(), page.NextBeforeId);
    }

    [Fact]
    public async Task Messages_OfOneChat_AreNewestFirstWithoutEventsThatAreNone()
    {
        var batch = await CommitAsync(
            SampleUpdates.Message(1, 1, chat: -1), SampleUpdates.Message(2, 2, chat: -2), SampleUpdates.Message(3, 3, chat: -1),
            SampleUpdates.Message(4, 1, "new", chat: -1, kind: "edited_message", extra: ",\"edit_date\":1767225700"),
            SampleUpdates.Json(1, """{"update_id":5,"callback_query":{"id":"1","from":{"id":7},"message":{"message_id":1,"date":1,"chat":{"id":-1,"type":"supergroup"}},"data":"x"}}"""),
            SampleUpdates.Message(6, 4, chat: -1));
        var chat = batch.Items[0].ChatId;

        Assert.Equal([6L, 3, 1], (await MessagesAsync(new(long.MaxValue, 50) { ChatIds = [chat] })).Ids);
        var (ids, next) = await MessagesAsync(new(long.MaxValue, 2) { ChatIds = [chat] });
        Assert.Equal([6L, 3], ids);
        Assert.Equal(3, next);
        (ids, next) = await MessagesAsync(new(next!.Value, 2) { ChatIds = [chat] });
        Assert.Equal([1L], ids);
        Assert.Null(next);
    }

    [Fact]
    public async Task Messages_Row_HasWhatTheUpdateSaid()
    {
        await CommitAsync(SampleUpdates.Message(1, 41, chat: -9), SampleUpdates.Json(3,
            """{"update_id":2,"message":{"message_id":40,"date":1767225600,"chat":{"id":-7,"type":"supergroup"},"text":"q"}}"""), SampleUpdates.Json(3,
            """{"update_id":3,"message":{"message_id":41,"message_thread_id":5,"media_group_id":"g","from":{"id":77,"first_name":"F","is_bot":false},"date":1767225601,"edit_date":1767225609,"reply_to_message":{"message_id":40,"date":1,"chat":{"id":-7,"type":"supergroup"}},"chat":{"id":-7,"type":"supergroup"},"text":"hello \"you\""}}"""));
        var row = Assert.Single((await Fixture.Messages.FindAsync(3, default))!.Messages);

        Assert.Equal((3, 3, 41, -7), (row.Id, row.BotId, row.TelegramId, row.TelegramChatId));
        Assert.Equal(("text", "hello \"you\"", 77, 5, "g", 2), (row.MessageType, row.Text, row.FromUserId, row.ThreadId, row.MediaGroupId, row.ReplyToId));
        Assert.Equal((1767225601, 1767225609, 3, false), (row.DateSeconds, row.EditDateSeconds, row.LastSeq, row.IsOutgoing));
        Assert.Empty((await Fixture.Messages.FindAsync(4, default))!.Messages);
    }

    [Fact]
    public async Task Messages_Scopes_AreChatsBotsAllOrNone()
    {
        var batch = await CommitAsync(
            SampleUpdates.Message(1, 1, bot: 1, chat: -1), SampleUpdates.Message(2, 1, bot: 1, chat: -2), SampleUpdates.Message(3, 1, bot: 2, chat: -1));
        var chats = batch.Items.Select(item => item.ChatId).ToArray();

        Assert.Equal([3L, 2, 1], (await MessagesAsync(new(long.MaxValue, 9))).Ids);
        Assert.Equal([3L, 1], (await MessagesAsync(new(long.MaxValue, 9) { ChatIds = [chats[0], chats[2]] })).Ids);
        Assert.Equal([2L, 1], (await MessagesAsync(new(long.MaxValue, 9) { BotIds = [1] })).Ids);
        Assert.Equal([2L, 1], (await MessagesAsync(new(long.MaxValue, 2) { ChatIds = [chats[0]], BotIds = [1] })).Ids);
        Assert.Equal([], (await MessagesAsync(new(long.MaxValue, 9) { ChatIds = [], BotIds = [] })).Ids);
        Assert.Equal([], (await MessagesAsync(new(long.MaxValue, 9) { BotIds = [] })).Ids);
    }

    [Fact]
    public async Task Scopes_AsManyAsAreAllowed_AreReadAndSearched()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "word"), SampleUpdates.Message(2, 2, "word"));
        await IndexAsync();
        var bots = Enumerable.Range(1, Limits.Search.Scopes).Select(id => (long)id).ToArray();
        Assert.Equal([2L, 1], (await MessagesAsync(new(long.MaxValue, 9) { BotIds = bots })).Ids);
        Assert.Equal([2L, 1], (await MessagesAsync(new(long.MaxValue, 9) { ChatIds = bots })).Ids);
        Assert.Equal([2, 1], await FindAsync("word", bots: bots));
    }

    [Fact]
    public async Task Messages_Filters_AreAllKept()
    {
        static CommitItem Item(int id, long user, int thread, string rest) => SampleUpdates.Json(1,
            $$$"""{"update_id":{{{id}}},"message":{"message_id":{{{id}}},"message_thread_id":{{{thread}}},"from":{"id":{{{user}}},"first_name":"F"},"date":1,"chat":{"id":-1,"type":"supergroup"},{{{rest}}}}}""");
        await CommitAsync(Item(1, 7, 1, "\"text\":\"a\""), Item(2, 8, 1, "\"text\":\"a\""), Item(3, 7, 2, "\"text\":\"a\""), Item(4, 7, 1, "\"dice\":{\"emoji\":\"x\",\"value\":1}"));
        await IndexAsync();
        var all = new MessageQuery(long.MaxValue, 9);

        Assert.Equal([4L, 3, 1], (await MessagesAsync(all with { FromUserId = 7 })).Ids);
        Assert.Equal([4L, 1], (await MessagesAsync(all with { FromUserId = 7, ThreadId = 1 })).Ids);
        Assert.Equal([1L], (await MessagesAsync(all with { FromUserId = 7, ThreadId = 1, MessageType = "text" })).Ids);
        Assert.Equal([3L, 1], (await MessagesAsync(all with { FromUserId = 7, Search = SearchQuery.TryParse("a", out _) })).Ids);
        Assert.Equal([], (await MessagesAsync(all with { MessageType = "' OR 1=1 --" })).Ids);
    }

    [Fact]
    public async Task Messages_WhileOthersArrive_EachIsOnOnePage()
    {
        for (var id = 1; id <= 30; id++) await CommitAsync(SampleUpdates.Message(id, id, "word"));
        await IndexAsync();
        List<long> listed = [], found = [];
        (long? list, long? search) = (long.MaxValue, long.MaxValue);
        for (var next = 31; list is not null || search is not null; next++)
        {
            if (list is { } before) (listed, list) = Grown(listed, await MessagesAsync(new(before, 4) { BotIds = [1] }));
            if (search is { } below) (found, search) = Grown(found, await MessagesAsync(new(below, 4) { BotIds = [1], Search = SearchQuery.TryParse("word", out _) }));
            await CommitAsync(SampleUpdates.Message(next, next, "word"));
            await IndexAsync();
        }

        Assert.Equal(Enumerable.Range(1, 30).Select(id => 31L - id), listed);
        Assert.Equal(listed, found);

        static (List<long>, long?) Grown(List<long> ids, (List<long> Ids, long? Next) page) => ([.. ids, .. page.Ids], page.Next);
    }

    [Fact]
    public async Task WalkedEvents_WithoutAMatch_EndThePageAndTheCursorGoesOn()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "rare", extra: ",\"from\":{\"id\":7,\"first_name\":\"F\"}"));
        for (var at = 2; at < Limits.Search.WalkedEvents + 102; at += 500)
            await CommitAsync([.. Enumerable.Range(at, 500).Select(id => SampleUpdates.Message(id, id))]);
        var query = new MessageQuery(long.MaxValue, 3) { BotIds = [1], FromUserId = 7 };

        var (ids, next) = await MessagesAsync(query);
        Assert.Empty(ids);
        var head = (await Store.ReadHeadAsync(default))!.Value.Seq;
        Assert.Equal(head - Limits.Search.WalkedEvents + 1, next);
        (ids, next) = await MessagesAsync(query with { BeforeId = next!.Value });
        Assert.Equal([1L], ids);
        Assert.Null(next);
    }

    [Fact]
    public async Task PageMessages_More_AreCutToIt()
    {
        await CommitAsync([.. Enumerable.Range(1, Limits.Search.PageMessages + 5).Select(id => SampleUpdates.Message(id, id))]);
        Assert.Equal(Limits.Search.PageMessages, (await MessagesAsync(new(long.MaxValue, 10_000))).Ids.Count);
    }
}
