using Gateway.Log;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Log;

public abstract partial class LogStoreSuite
{
    private const string MessageRows = "SELECT id, telegram_id, text, edit_date_s, last_seq FROM messages ORDER BY id";

    [Fact]
    public async Task Chats_TwoBotsInOneGroup_AreTwoAndTheirEqualMessageIdsTwoMessages()
    {
        var batch = await CommitAsync(SampleUpdates.Message(10, 5, bot: 1), SampleUpdates.Message(10, 5, bot: 2));

        Assert.Equal([1, 2], SeqsOf(batch));
        Assert.NotEqual(batch.Items[0].ChatId, batch.Items[1].ChatId);
        Assert.Equal("2", await Fixture.ScalarAsync("SELECT COUNT(*) FROM messages WHERE telegram_id = 5"));
    }

    [Fact]
    public async Task Chats_OneUserOnTwoBots_PrivateChatsAreApart()
    {
        var batch = await CommitAsync(SampleUpdates.Message(10, 5, bot: 1, chat: 99), SampleUpdates.Message(10, 5, bot: 2, chat: 99));
        var page = await PageAsync(new LogQuery(0) { ChatIds = [batch.Items[0].ChatId] });
        Assert.Equal(1, Assert.Single(page.Events).BotId);
    }

    [Fact]
    public async Task Chats_RealmsWithOneTelegramId_AreApart()
    {
        static CommitItem Business(long updateId, string connection) => SampleUpdates.Message(
            updateId, 5, chat: 99, kind: "business_message", extra: $",\"business_connection_id\":\"{connection}\"");

        var batch = await CommitAsync(
            SampleUpdates.Message(10, 5, chat: 99), Business(11, "bc1"), Business(12, "bc2"), Business(13, "bc1"),
            SampleUpdates.Message(14, 5, chat: 99, kind: "guest_message"), SampleUpdates.Message(15, 6, chat: 99));

        var chats = batch.Items.Select(item => item.ChatId).ToList();
        Assert.Equal(4, chats.Distinct().Count());
        Assert.Equal(chats[1], chats[3]);
        Assert.Equal(chats[0], chats[5]);
        List<string?> realms = ["", "b:bc1", "b:bc2", "guest"];
        Assert.Equal(realms, (await Fixture.RowsAsync("SELECT realm FROM chats ORDER BY id")).Select(row => row[0]));
    }

    [Fact]
    public async Task Chats_TitleChanges_RowFollows()
    {
        await CommitAsync(SampleUpdates.Message(10, 1));
        await CommitAsync(SampleUpdates.Json(1, """{"update_id":11,"message":{"message_id":2,"date":1,"chat":{"id":-1001234,"type":"supergroup","title":"A \"new\" \ud83d\ude00 \ud800 title"},"text":"x"}}"""));
        Assert.Equal("A \"new\" 😀 \uFFFD title", await Fixture.ScalarAsync("SELECT title FROM chats"));
        Assert.Equal("1", await Fixture.ScalarAsync("SELECT COUNT(*) FROM chats"));
    }

    [Fact]
    public async Task Chats_AfterARefusedBatch_HaveNoIdsOfTheRolledBackTransaction()
    {
        await Fixture.InstallTriggersAsync();
        await Store.CommitAsync(new CommitBatch([SampleUpdates.Message(10, 1, chat: -5), SampleUpdates.Message(LogStoreFixture.PoisonUpdateId, 2)]), NoFloor);
        await CommitAsync(SampleUpdates.Message(20, 1, chat: -6));
        var chat = (await CommitAsync(SampleUpdates.Message(10, 1, chat: -5))).Items[0].ChatId;
        Assert.Equal("-5", await Fixture.ScalarAsync($"SELECT telegram_chat_id FROM chats WHERE id = {chat}"));
    }

    [Fact]
    public async Task Chats_OneIsRefused_OthersNewInTheBatchAreNotFlagged()
    {
        await Fixture.InstallTriggersAsync();
        var batch = await CommitAsync(
            SampleUpdates.Message(10, 1, chat: -5), SampleUpdates.Message(11, 1, chat: LogStoreFixture.PoisonChatId), SampleUpdates.Message(12, 1, chat: -6));

        Assert.Equal([1, 2, 3], SeqsOf(batch));
        Assert.Equal([false, true, false], batch.Items.Select(item => item.ProjectionFailed));
        Assert.Equal([true, false, true], batch.Items.Select(item => item.ChatId > 0));
        Assert.Equal(["2"], (await Fixture.RowsAsync("SELECT seq FROM events WHERE projection_failed = 1")).Select(row => row[0]));
    }

    [Fact]
    public async Task Chats_TitleChangesInABatchWithADuplicate_RowFollows()
    {
        await CommitAsync(SampleUpdates.Message(10, 1));
        CommitItem Renamed(long updateId) => SampleUpdates.Json(1,
            $$"""{"update_id":{{updateId}},"message":{"message_id":{{updateId}},"date":1,"chat":{"id":-1001234,"type":"supergroup","title":"New"},"text":"x"} }""");

        await CommitAsync(SampleUpdates.Message(10, 1), Renamed(11));
        await CommitAsync(Renamed(12));

        Assert.Equal("New", await Fixture.ScalarAsync("SELECT title FROM chats"));
    }

    /// <summary>Regression: SQLite took the title over before it knew that the update was a duplicate, so a repeated old one brought the old title back.</summary>
    [Fact]
    public async Task Chats_OldUpdateComesAgain_TitleStays()
    {
        CommitItem Titled(long updateId, string title) => SampleUpdates.Json(1,
            $$"""{"update_id":{{updateId}},"message":{"message_id":{{updateId}},"date":1,"chat":{"id":-1001234,"type":"supergroup","title":"{{title}}"},"text":"x"} }""");
        await CommitAsync(Titled(10, "Old"));
        await CommitAsync(Titled(11, "New"));

        await CommitAsync(Titled(10, "Old"));
        Assert.Equal("New", await Fixture.ScalarAsync("SELECT title FROM chats"));

        await CommitAsync(Titled(12, "Newest"));
        Assert.Equal("Newest", await Fixture.ScalarAsync("SELECT title FROM chats"));
    }

    [Fact]
    public async Task Chats_AfterTheDatabaseWasReplacedByAnOlderCopy_HaveNoIdsOfTheNewerOne()
    {
        await CommitAsync(SampleUpdates.Message(10, 1, chat: -5));
        var head = (await CommitAsync(SampleUpdates.Message(11, 1, chat: -6))).Head;
        foreach (var sql in new[] { "DELETE FROM chats WHERE telegram_chat_id = -6", "DELETE FROM events WHERE seq = 2", "DELETE FROM messages WHERE id = 2", "UPDATE log_head SET seq = 1" })
            await Fixture.ExecuteAsync(sql);
        var floor = new LogPosition(head.LogId, head.Seq);

        Assert.Equal(BatchOutcome.HeadMovedBack, await Store.CommitAsync(new CommitBatch([]), floor));
        Assert.NotNull(await Store.ResetAsync(floor));
        var chat = (await CommitAsync(SampleUpdates.Message(12, 2, chat: -6))).Items[0].ChatId;

        Assert.Equal("-6", Assert.Single(await Fixture.RowsAsync($"SELECT telegram_chat_id FROM chats WHERE id = {chat}"))[0]);
    }

    [Fact]
    public async Task Messages_IdZeroTwice_AreTwoRows()
    {
        var batch = await CommitAsync(SampleUpdates.Message(10, 0, "a"), SampleUpdates.Message(11, 0, "b"));
        Assert.Equal([1, 2], batch.Items.Select(item => item.MessageId));
        Assert.Equal("2", await Fixture.ScalarAsync("SELECT COUNT(*) FROM messages WHERE telegram_id = 0 AND unique_telegram_id IS NULL"));
    }

    [Fact]
    public async Task Messages_EphemeralIdUsedAgain_AreTwoRowsAndNoReplyTarget()
    {
        CommitItem Ephemeral(long updateId, string text)
        {
            var item = SampleUpdates.Message(updateId, 7, text);
            var facts = item.Update.Facts;
            facts.IsEphemeral = true;
            return new CommitItem { Update = new IncomingUpdate(1, item.Update.Payload, facts), DedupKey = item.DedupKey };
        }

        const string reply = ",\"reply_to_message\":{\"message_id\":7,\"date\":1,\"chat\":{\"id\":-1001234,\"type\":\"supergroup\",\"title\":\"T\"}}";
        await CommitAsync(Ephemeral(10, "a"), Ephemeral(11, "b"));
        Assert.Equal(0, (await CommitAsync(SampleUpdates.Message(12, 8, "answer", extra: reply))).Items[0].ReplyToMessageId);
        Assert.Equal(4, (await CommitAsync(SampleUpdates.Message(13, 7, "real"))).Items[0].MessageId);
        Assert.Equal(4, (await CommitAsync(SampleUpdates.Message(14, 9, "answer", extra: reply))).Items[0].ReplyToMessageId);
        var rows = await Fixture.RowsAsync("SELECT text, unique_telegram_id FROM messages ORDER BY id");
        Assert.Equal(["a", "b", "answer", "real", "answer"], rows.Select(row => row[0]));
        Assert.Equal([null, null, "8", "7", "9"], rows.Select(row => row[1]));
    }

    [Fact]
    public async Task Messages_Edit_IsAnEventOfItsOwnAndUpdatesTheRow()
    {
        await CommitAsync(SampleUpdates.Message(10, 5, "old"));
        var edit = await CommitAsync(SampleUpdates.Edit(11, 5, "new", 100));

        Assert.Equal((2L, 1L), (edit.Items[0].Seq, edit.Items[0].MessageId));
        Assert.Equal(["1", "5", "new", "100", "2"], (await Fixture.RowsAsync(MessageRows)).Single());
        Assert.Equal("1", await Fixture.ScalarAsync("SELECT message_id FROM events WHERE seq = 2"));
    }

    [Fact]
    public async Task Messages_OlderEdit_DoesNotUndoANewerOne()
    {
        await CommitAsync(SampleUpdates.Message(10, 5, "original"));
        await CommitAsync(SampleUpdates.Edit(12, 5, "second", 200), SampleUpdates.Edit(11, 5, "first", 100));
        Assert.Equal(["1", "5", "second", "200", "2"], (await Fixture.RowsAsync(MessageRows)).Single());
        await CommitAsync(SampleUpdates.Edit(13, 5, "same second, later", 200));
        Assert.Equal(["1", "5", "same second, later", "200", "4"], (await Fixture.RowsAsync(MessageRows)).Single());
    }

    [Fact]
    public async Task Messages_EditBeforeItsOriginal_CreatesTheRowAndStaysNewest()
    {
        var edit = await CommitAsync(SampleUpdates.Edit(11, 5, "edited", 100));
        var original = await CommitAsync(SampleUpdates.Message(10, 5, "original"));

        Assert.Equal(1, edit.Items[0].MessageId);
        Assert.Equal((2L, 1L), (original.Items[0].Seq, original.Items[0].MessageId));
        Assert.Equal(["1", "5", "edited", "100", "1"], (await Fixture.RowsAsync(MessageRows)).Single());
        Assert.Equal(["1", "1"], (await Fixture.RowsAsync("SELECT message_id FROM events ORDER BY seq")).Select(row => row[0]));
    }

    [Fact]
    public async Task Messages_EditAndOriginalInOneBatch_AreOneRow()
    {
        var batch = await CommitAsync(SampleUpdates.Message(10, 5, "original"), SampleUpdates.Edit(11, 5, "edited", 100), SampleUpdates.Message(12, 6, "x"));
        Assert.Equal([1, 1, 3], batch.Items.Select(item => item.MessageId));
        Assert.Equal(["edited", "x"], (await Fixture.RowsAsync("SELECT text FROM messages ORDER BY id")).Select(row => row[0]));
    }

    [Fact]
    public async Task Messages_Reply_NamesTheMessageOfTheSameChatOnly()
    {
        const string reply = ",\"reply_to_message\":{\"message_id\":5,\"date\":1,\"chat\":{\"id\":-1001234,\"type\":\"supergroup\",\"title\":\"T\"}}";
        await CommitAsync(SampleUpdates.Message(9, 5, chat: -42), SampleUpdates.Message(10, 5));
        var batch = await CommitAsync(
            SampleUpdates.Message(11, 6, extra: reply), SampleUpdates.Message(12, 7, extra: reply.Replace(":5,", ":4444,", StringComparison.Ordinal)),
            SampleUpdates.Message(13, 8), SampleUpdates.Message(14, 9, extra: reply.Replace(":5,", ":8,", StringComparison.Ordinal)));

        Assert.Equal([2, 0, 0, 5], batch.Items.Select(item => item.ReplyToMessageId));
        Assert.Equal([2, 0, 0, 5], (await PageAsync(new LogQuery(2))).Events.Select(e => e.ReplyToMessageId));
        Assert.Equal("2", await Fixture.ScalarAsync("SELECT reply_to_id FROM messages WHERE id = 3"));
    }

    [Fact]
    public async Task Messages_ReactionAndCallback_NameTheMessageTheyAreAbout()
    {
        await CommitAsync(SampleUpdates.Message(10, 5));
        var batch = await CommitAsync(
            SampleUpdates.Json(1, """{"update_id":11,"message_reaction":{"chat":{"id":-1001234,"type":"supergroup","title":"T"},"message_id":5,"date":1,"old_reaction":[],"new_reaction":[]}}"""),
            SampleUpdates.Json(1, """{"update_id":12,"poll":{"id":"1","question":"?","options":[]}}"""));

        Assert.Equal([1, 0], batch.Items.Select(item => item.MessageId));
        Assert.Equal([true, false], batch.Items.Select(item => item.ChatId > 0));
        Assert.Equal("1", await Fixture.ScalarAsync("SELECT COUNT(*) FROM messages"));
    }

    [Fact]
    public async Task Messages_TextWithEscapesAndNul_IsDecodedAndThePayloadKept()
    {
        var item = SampleUpdates.Message(10, 5, """a\u0000b \ud83d\ude00 \ud800 \n \"q\" ü""");
        await CommitAsync(item);
        Assert.Equal("a\0b 😀 \uFFFD \n \"q\" ü", await Fixture.ScalarAsync("SELECT text FROM messages"));
        Assert.Equal(item.Update.Payload, (await PageAsync(new LogQuery(0))).Events.Single().Payload);
    }

    [Fact]
    public async Task Payloads_AnyBytes_ComeBackTheSame()
    {
        var random = new Random(1);
        var large = new byte[Limits.Ingest.UpdateBytes];
        random.NextBytes(large);
        byte[][] payloads = [[], "{}"u8.ToArray(), [0], [0, 0, 0x27, 0x5c, 0x22], [0xff, 0xfe, 0xc0], "{\"update_id\":7,\"\":\"\\u0000\"}"u8.ToArray(), large];

        await CommitAsync(payloads.Select(bytes => SampleUpdates.Bytes(1, bytes)).ToArray());

        var events = (await PageAsync(new LogQuery(0))).Events;
        Assert.Equal(payloads.Length, events.Count);
        for (var i = 0; i < payloads.Length; i++) Assert.True(payloads[i].AsSpan().SequenceEqual(events[i].Payload), $"payload {i}");
    }

    [Fact]
    public async Task Read_Event_HasWhatTheCommitSaid()
    {
        var batch = await CommitAsync(SampleUpdates.Message(10, 5, "hi"));
        var read = (await PageAsync(new LogQuery(0))).Events.Single();
        var item = batch.Items[0];
        Assert.Equal((batch.Head.LogId, 1L, 1L, "message", item.ChatId, 1L, 0L, batch.Head.CreatedAtMs),
            (read.LogId, read.Seq, read.BotId, read.Kind, read.ChatId, read.MessageId, read.ReplyToMessageId, read.CreatedAtMs));
        Assert.Equal("hi", System.Text.Encoding.UTF8.GetString(read.Facts.Text.Of(read.Payload)));
    }
}
