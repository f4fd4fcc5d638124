using Gateway.Log;
using Gateway.Log.Sqlite;
using Gateway.Messages;
using Gateway.Storage;
using Xunit;

namespace Gateway.Tests.Log;

/// <summary>What is in a chat, while its rows wander from the tail into the big level.</summary>
public sealed class SqliteChatTailTests : IAsyncLifetime
{
    private static readonly LogPosition NoFloor = new("", 0);

    private readonly SqliteFixture fixture = new();
    private SqliteLogStore store = null!;
    private long lastUpdateId;

    public async Task InitializeAsync()
    {
        Assert.True((await new Migrator(fixture.Database, fixture.Time).MigrateAsync(default)).IsReady);
        store = Open(4);
    }

    public async Task DisposeAsync()
    {
        await store.DisposeAsync();
        await fixture.DisposeAsync();
    }

    /// <summary>
    /// Random chats, batches, edits, replies, repeated messages, reopened stores, other bounds and retention, against lists and a dictionary.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Commit_RandomHistory_ReadsByChatWhatAModelHas(int seed)
    {
        var random = new Random(seed);
        var model = new ChatModel();
        for (var step = 0; step < 60; step++)
        {
            var action = random.Next(12);
            if (action == 0) await ReopenAsync(random.Next(0, 70));
            else if (action == 1) await RetainAsync(model, random.Next(1, 40));
            else await CommitAsync(model, random);
            await AssertMatchesAsync(model, random);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    public async Task Commit_MessageUnderAnotherUpdateId_HasOneRowInEitherLevel(int tailRows)
    {
        await ReopenAsync(tailRows);
        var first = await CommitAsync(SampleUpdates.Message(1, 5), SampleUpdates.Message(2, 6));
        Assert.Equal(tailRows == 0 ? "0" : "2", await fixture.ScalarAsync("SELECT COUNT(*) FROM chat_tail"));

        var again = await CommitAsync(SampleUpdates.Message(3, 5));
        await ReopenAsync(tailRows);
        var reopened = await CommitAsync(SampleUpdates.Message(4, 5));

        Assert.Equal([first.Items[0].Seq, first.Items[0].Seq], [again.Items[0].MessageId, reopened.Items[0].MessageId]);
        Assert.Equal("2", await fixture.ScalarAsync("SELECT COUNT(*) FROM messages"));
        Assert.Equal([1, 2, 3, 4], await SeqsAsync(first.Items[0].ChatId));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    public async Task Commit_BatchRefused_LeavesNoMessageBehind(int tailRows)
    {
        await ReopenAsync(tailRows);
        await fixture.InstallTriggersAsync();
        var refused = new CommitBatch([SampleUpdates.Message(1, 5), SampleUpdates.Message(LogStoreFixture.PoisonUpdateId, 6)]);
        Assert.Equal(BatchOutcome.DataRefused, await store.CommitAsync(refused, NoFloor));

        var batch = await CommitAsync(SampleUpdates.Message(2, 9), SampleUpdates.Message(3, 5));

        Assert.Equal([1, 2], batch.Items.Select(item => item.MessageId));
        Assert.Equal([1, 2], await SeqsAsync(batch.Items[0].ChatId));
    }

    [Fact]
    public async Task Commit_ProjectionRefused_IsReadByChatAndIsNoMessage()
    {
        await fixture.InstallTriggersAsync();
        var batch = await CommitAsync(SampleUpdates.Message(1, LogStoreFixture.PoisonMessageId), SampleUpdates.Message(2, 3));
        Assert.Equal([1, 2], await SeqsAsync(batch.Items[0].ChatId));
        await fixture.ExecuteAsync("DROP TRIGGER poison_message");
        Assert.Equal(3, (await CommitAsync(SampleUpdates.Message(3, LogStoreFixture.PoisonMessageId))).Items[0].MessageId);
    }

    /// <summary>An empty commit finds the head moved back and undoes its transaction: the older copy's tail is another one.</summary>
    [Fact]
    public async Task Commit_DatabaseReplacedByAnOlderCopy_FindsNoMessageOfTheNewerOne()
    {
        await CommitAsync(SampleUpdates.Message(1, 5));
        var head = (await CommitAsync(SampleUpdates.Message(2, 6))).Head;
        foreach (var sql in new[] { "DELETE FROM chat_tail WHERE seq = 2", "DELETE FROM events WHERE seq = 2", "DELETE FROM messages WHERE id = 2", "UPDATE log_head SET seq = 1" })
            await fixture.ExecuteAsync(sql);
        var floor = new LogPosition(head.LogId, head.Seq);
        Assert.Equal(BatchOutcome.HeadMovedBack, await store.CommitAsync(new CommitBatch([]), floor));
        var reset = (await store.ResetAsync(floor))!;

        var batch = await CommitAsync(SampleUpdates.Message(2, 6));

        Assert.Equal(reset.Seq + 1, batch.Items[0].MessageId);
        Assert.Equal([1, reset.Seq + 1], await SeqsAsync(batch.Items[0].ChatId));
    }

    /// <summary>Two processes at once are not foreseen; were they there, a message must still have one row.</summary>
    [Fact]
    public async Task Commit_AnotherWriterOnTheSameDatabase_IsNoticed()
    {
        await using var other = fixture.OpenAnother();
        await CommitAsync(SampleUpdates.Message(1, 5));
        for (var id = 10; id < 40; id++)
        {
            var theirs = new CommitBatch([SampleUpdates.Message(2 * id, id)]);
            Assert.Equal(BatchOutcome.Committed, await other.CommitAsync(theirs, NoFloor));
            Assert.Equal(theirs.Items[0].Seq, (await CommitAsync(SampleUpdates.Message(2 * id + 1, id))).Items[0].MessageId);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    public async Task DeleteExpired_MessageInEitherLevel_IsAnotherWhenItComesAgain(int tailRows)
    {
        await ReopenAsync(tailRows);
        var chat = (await CommitAsync(SampleUpdates.Message(1, 5), SampleUpdates.Message(2, 6))).Items[0].ChatId;
        Assert.Equal(1, await store.DeleteExpiredAsync(1, long.MaxValue, 1, default));

        var batch = await CommitAsync(SampleUpdates.Message(3, 5), SampleUpdates.Message(4, 6));

        Assert.Equal([3, 2], batch.Items.Select(item => item.MessageId));
        Assert.Equal([2, 3, 4], await SeqsAsync(chat));
    }

    /// <summary>The limit: what the tail holds after a commit, and that a small commit moves nothing.</summary>
    [Fact]
    public async Task ChatTailRows_Over_AreMovedInTheSameCommit()
    {
        await ReopenAsync(Limits.Log.ChatTailRows);
        var chats = 0;
        async Task FillAsync(int count) =>
            await CommitAsync(Enumerable.Range(0, count).Select(_ => Next(SampleUpdates.GroupId - chats++ % 7)).ToArray());
        async Task<int> RowsAsync() => int.Parse((await fixture.ScalarAsync("SELECT COUNT(*) FROM chat_tail"))!, System.Globalization.CultureInfo.InvariantCulture);

        const int step = Limits.Log.ChatTailRows / 32;
        await FillAsync(Limits.Log.ChatTailRows);
        await FillAsync(step);
        Assert.Equal(Limits.Log.ChatTailRows + step, await RowsAsync());
        await FillAsync(1);
        Assert.Equal(Limits.Log.ChatTailRows, await RowsAsync());
        // More than twice round, so that moving goes on at the first chat after the last.
        for (var round = 0; round < 8; round++)
        {
            await FillAsync(10 * step);
            Assert.Equal(Limits.Log.ChatTailRows, await RowsAsync());
        }
    }

    private CommitItem Next(long chat) => SampleUpdates.Message(++lastUpdateId, lastUpdateId, chat: chat);

    private SqliteLogStore Open(int tailRows) => new(((SqliteDatabase)fixture.Database).Path, fixture.Time, null, tailRows);

    private async Task ReopenAsync(int tailRows)
    {
        await store.DisposeAsync();
        store = Open(tailRows);
    }

    private async Task<CommitBatch> CommitAsync(params CommitItem[] items)
    {
        var batch = new CommitBatch(items);
        Assert.Equal(BatchOutcome.Committed, await store.CommitAsync(batch, NoFloor));
        return batch;
    }

    private async Task<List<long>> SeqsAsync(long chat) =>
        (await store.ReadPageAsync(new LogQuery(0) { ChatIds = [chat] }, default))!.Events.Select(e => e.Seq).ToList();

    private async Task CommitAsync(ChatModel model, Random random)
    {
        var batch = await CommitAsync(Enumerable.Range(0, random.Next(0, 25)).Select(_ => Any(random)).ToArray());
        foreach (var item in batch.Items) model.Take(item);
    }

    // Few ids, so that messages come again, are edited and are replied to; some updates have no message or no chat.
    private CommitItem Any(Random random)
    {
        var (id, chat, bot) = (++lastUpdateId, -1L - random.Next(9), 1 + random.Next(2));
        var (message, target) = (1 + random.Next(60), 1 + random.Next(60));
        return random.Next(8) switch
        {
            0 => SampleUpdates.Json(bot, $$"""{"update_id":{{id}},"poll":{"id":"1"} }"""),
            1 => SampleUpdates.Message(id, message, "edited", bot, chat, "edited_message", ",\"edit_date\":1767225700"),
            2 => SampleUpdates.Message(id, message, "reply", bot, chat,
                extra: $$""","reply_to_message":{"message_id":{{target}},"date":1,"chat":{"id":{{chat}},"type":"supergroup"} }"""),
            3 => SampleUpdates.Message(id, 0, "no id yet", bot, chat),
            _ => SampleUpdates.Message(id, message, "m", bot, chat),
        };
    }

    private async Task RetainAsync(ChatModel model, int rows)
    {
        Assert.Equal(model.DeleteOldest(1, rows), await store.DeleteExpiredAsync(1, long.MaxValue, rows, default));
    }

    private async Task AssertMatchesAsync(ChatModel model, Random random)
    {
        foreach (var (chat, seqs) in model.Seqs) Assert.Equal(seqs, await SeqsAsync(chat));
        var some = model.Seqs.Keys.Where(_ => random.Next(2) == 0).ToArray();
        var after = random.Next(200);
        var page = (await store.ReadPageAsync(new LogQuery(after) { ChatIds = some, MaxEvents = 20 }, default))!;
        Assert.Equal(some.SelectMany(chat => model.Seqs[chat]).Where(seq => seq > after).Order().Take(20), page.Events.Select(e => e.Seq));
        // Each event in one level, each unique message in one.
        Assert.Equal("0", await fixture.ScalarAsync("SELECT COUNT(*) FROM chat_tail t JOIN chat_events e ON e.chat_id = t.chat_id AND e.seq = t.seq"));
        Assert.Equal(
            await fixture.RowsAsync("SELECT chat_id, seq FROM events WHERE chat_id IS NOT NULL ORDER BY chat_id, seq"),
            await fixture.RowsAsync("SELECT chat_id, seq FROM chat_tail UNION ALL SELECT chat_id, seq FROM chat_events ORDER BY chat_id, seq"));
        Assert.Equal(
            await fixture.RowsAsync("SELECT chat_id, unique_telegram_id, id FROM messages WHERE unique_telegram_id IS NOT NULL ORDER BY id"),
            await fixture.RowsAsync(
                "SELECT chat_id, telegram_id, seq FROM chat_tail WHERE telegram_id IS NOT NULL UNION ALL SELECT chat_id, telegram_id, message_id FROM chat_messages ORDER BY 3"));
    }

    /// <summary>The naive log: which seqs a chat has, and which message an id names.</summary>
    private sealed class ChatModel
    {
        private readonly List<(long Seq, long Bot, long Chat)> all = [];
        private readonly Dictionary<(long Chat, long TelegramId), long> messages = [];

        public Dictionary<long, List<long>> Seqs { get; } = [];

        public void Take(CommitItem item)
        {
            Assert.Equal(CommitStatus.Stored, item.Status);
            all.Add((item.Seq, item.Update.BotId, item.ChatId));
            if (item.ChatId == 0) return;
            if (!Seqs.TryGetValue(item.ChatId, out var seqs)) Seqs[item.ChatId] = seqs = [];
            seqs.Add(item.Seq);
            var facts = item.Update.Facts;
            Assert.Equal(facts.ReplyToTelegramId is { } target ? messages.GetValueOrDefault((item.ChatId, target)) : 0, item.ReplyToMessageId);
            var expected = facts.TelegramMessageId is > 0 and var id
                ? messages.TryGetValue((item.ChatId, id), out var known) ? known : messages[(item.ChatId, id)] = item.Seq
                : item.Seq;
            Assert.Equal(expected, item.MessageId);
        }

        public int DeleteOldest(long bot, int rows)
        {
            var oldest = all.Where(e => e.Bot == bot).Take(rows).ToArray();
            foreach (var (seq, _, chat) in oldest)
            {
                if (chat != 0) Seqs[chat].Remove(seq);
                foreach (var (key, id) in messages.Where(m => m.Value == seq).ToArray()) messages.Remove(key);
            }

            all.RemoveAll(e => oldest.Contains(e));
            return oldest.Length;
        }
    }
}
