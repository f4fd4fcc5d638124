using Gateway.Log;
using Gateway.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Log;

/// <summary>The full-text index: behind the log, true to edits and retention, and with the same answers on every engine.</summary>
public abstract partial class LogStoreSuite
{
    private async Task IndexAsync()
    {
        var indexer = new SearchIndexer(Fixture.Messages, Fixture.Time, NullLogger.Instance);
        StepOutcome outcome;
        while ((outcome = await indexer.StepAsync(default)) == StepOutcome.Behind)
        {
        }

        Assert.Equal(StepOutcome.UpToDate, outcome);
    }

    private async Task<List<long>> FindAsync(string q, long[]? chats = null, long[]? bots = null)
    {
        var query = new MessageQuery(long.MaxValue, 50) { Search = SearchQuery.TryParse(q, out _), ChatIds = chats, BotIds = chats is not null ? bots ?? [] : bots };
        return (await Fixture.Messages.ReadAsync(query, default))!.Messages.Select(message => message.Id).ToList();
    }

    [Fact]
    public async Task Search_Words_AreAllNeededInAnyOrderAndQuotesKeepIt()
    {
        await CommitAsync(
            SampleUpdates.Message(1, 1, "the red car and the blue house"),
            SampleUpdates.Message(2, 2, "a blue car"),
            SampleUpdates.Message(3, 3, "Red CAR, blue!"),
            SampleUpdates.Message(4, 4, "w a x"));
        await IndexAsync();

        Assert.Equal([3, 1], await FindAsync("blue red"));
        Assert.Equal([3, 1], await FindAsync("\"red car\""));
        Assert.Equal([2], await FindAsync("\"blue car\""));
        Assert.Equal([1], await FindAsync("the"));
        Assert.Equal([4, 2], await FindAsync("a"));
        Assert.Equal([4], await FindAsync("\"a x\" w"));
        Assert.Empty(await FindAsync("\"car red\""));
        Assert.Empty(await FindAsync("ca"));
    }

    [Theory]
    [InlineData("Привет, Ёлка", "елка привет")]
    [InlineData("東京都は大きい", "東京")]
    [InlineData("안녕하세요 여러분", "안녕")]
    [InlineData("สวัสดีครับ", "ครับ")]
    [InlineData("Crème brûlée", "creme BRULEE")]
    [InlineData("şükür İstanbul", "sukur istanbul")]
    [InlineData("नमस्ते दुनिया", "दुनिया")]
    [InlineData("مرحبا ١٢٣", "مرحبا 123")]
    [InlineData("party 🎉🎉", "🎉")]
    [InlineData("to me@x.org at 12:30", "me@x.org 12:30")]
    public async Task Search_OtherScripts_AreFoundAlikeOnEveryEngine(string text, string q)
    {
        await CommitAsync(SampleUpdates.Message(1, 1, text), SampleUpdates.Message(2, 2, "something else"));
        await IndexAsync();
        Assert.Equal([1], await FindAsync(q));
    }

    [Theory]
    [InlineData("secret' OR '1'='1")]
    [InlineData("secret\" OR \"a")]
    [InlineData("secret) OR (a")]
    [InlineData("secret* OR a*")]
    [InlineData("terms:a NEAR a")]
    [InlineData("-secret a @distance ~a >a <a")]
    [InlineData("chat1 bot1")]
    [InlineData("\\ % _ ; DROP TABLE messages; -- a")]
    public async Task Search_OperatorsOfTheEngines_AreWords(string q)
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "a secret"), SampleUpdates.Message(2, 2, "a"));
        await IndexAsync();
        Assert.Empty(await FindAsync(q));
        Assert.Equal([2, 1], await FindAsync("a"));
    }

    [Fact]
    public async Task Search_Scopes_AreKeptByTheIndex()
    {
        var batch = await CommitAsync(
            SampleUpdates.Message(1, 1, "word", bot: 1, chat: -1), SampleUpdates.Message(2, 1, "word", bot: 1, chat: -2),
            SampleUpdates.Message(3, 1, "word", bot: 2, chat: -1), SampleUpdates.Message(4, 1, "word", bot: 12, chat: -1));
        await IndexAsync();
        var chats = batch.Items.Select(item => item.ChatId).ToArray();

        Assert.Equal([4, 3, 2, 1], await FindAsync("word"));
        Assert.Equal([2], await FindAsync("word", [chats[1]]));
        Assert.Equal([2, 1], await FindAsync("word", bots: [1]));
        Assert.Equal([3, 2, 1], await FindAsync("word", [chats[2]], [1]));
        Assert.Equal([], await FindAsync("word", [], []));
    }

    [Fact]
    public async Task Search_Threads_AreKeptByTheIndexAndAWalkPassesOverTheOthers()
    {
        static string In(int thread) => $",\"message_thread_id\":{thread},\"is_topic_message\":true";
        var batch = await CommitAsync(
            SampleUpdates.Message(1, 1, "word", chat: -1, extra: In(7)), SampleUpdates.Message(2, 2, "word", chat: -1, extra: In(8)),
            SampleUpdates.Message(3, 3, "word", chat: -1), SampleUpdates.Message(4, 4, "word", chat: -2, extra: In(7)), SampleUpdates.Message(5, 5, "word", chat: -3));
        await IndexAsync();
        var (chat, other, third) = (batch.Items[0].ChatId, batch.Items[3].ChatId, batch.Items[4].ChatId);
        foreach (var search in new[] { null, SearchQuery.TryParse("word", out _) })
        {
            var all = new MessageQuery(long.MaxValue, 9) { Search = search };
            Assert.Equal([1L], (await MessagesAsync(all with { Threads = [(chat, 7)] })).Ids);
            Assert.Equal([2L, 1], (await MessagesAsync(all with { Threads = [(chat, 7), (chat, 8)] })).Ids);
            Assert.Equal([5L, 4, 1], (await MessagesAsync(all with { ChatIds = [third], Threads = [(chat, 7), (other, 7)] })).Ids);
            Assert.Equal([4L], (await MessagesAsync(all with { Threads = [(other, 7), (third, 7)], ThreadId = 7 })).Ids);
            Assert.Equal([], (await MessagesAsync(all with { Threads = [] })).Ids);
            // One more than the page holds is looked for, and a hit in a hidden thread is none.
            Assert.Null((await MessagesAsync(all with { Threads = [(chat, 8)], Limit = 1 })).Next);
        }
    }

    /// <summary>Whatever found it: the grants may have changed since the page's scopes were taken.</summary>
    [Fact]
    public async Task Messages_ThatMayNotBeRead_AreOnNoPage()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "word"), SampleUpdates.Message(2, 2, "word"));
        await IndexAsync();
        foreach (var search in new[] { null, SearchQuery.TryParse("word", out _) })
            Assert.Equal([1L], (await MessagesAsync(new(long.MaxValue, 9) { Search = search, MayRead = row => row.Id != 2 })).Ids);
    }

    /// <summary>An index from before threads were terms: it is written once more, from the first message that is in one.</summary>
    [Fact]
    public async Task Search_IndexWithoutThreads_IsWrittenAgainByTheMigration()
    {
        var migration = Gateway.Storage.MigrationFiles.Of(Fixture.Database.Dialect).Single(file => file.Name == "thread_terms");
        Task MigrateAsync() => Fixture.ExecuteAsync(Assert.Single(migration.Statements).TrimEnd(';'));
        await CommitAsync(SampleUpdates.Message(1, 1, "word"));
        await IndexAsync();
        await MigrateAsync();
        Assert.Equal("1", await Fixture.ScalarAsync("SELECT seq FROM search_cursor"));

        var chat = (await CommitAsync(SampleUpdates.Message(2, 2, "word", extra: ",\"message_thread_id\":7"))).Items[0].ChatId;
        var query = new MessageQuery(long.MaxValue, 9) { Search = SearchQuery.TryParse("word", out _), Threads = [(chat, 7)] };
        Assert.True(await Fixture.Messages.WriteIndexAsync(new(1, 2, [new(2, 1, chat, SearchText.TermsOf("word", 1, chat, 0))]), default));
        Assert.Equal([], (await MessagesAsync(query)).Ids);
        await MigrateAsync();
        Assert.Equal("1", await Fixture.ScalarAsync("SELECT seq FROM search_cursor"));
        Assert.Equal([2, 1], await FindAsync("word"));
        await IndexAsync();
        Assert.Equal([2L], (await MessagesAsync(query)).Ids);
        Assert.Equal("2", await IndexedAsync());
    }

    [Fact]
    public async Task Search_Edit_FindsTheNewTextAndNoLongerTheOld()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "before"), SampleUpdates.Message(2, 2, "other"));
        await IndexAsync();
        await CommitAsync(SampleUpdates.Edit(3, 1, "after", 1767225700));
        Assert.Equal([1], await FindAsync("before"));
        await IndexAsync();
        Assert.Empty(await FindAsync("before"));
        Assert.Equal([1], await FindAsync("after"));

        // An edit that is older than what is known changes neither the message nor the index; one without words takes it out.
        await CommitAsync(SampleUpdates.Edit(4, 1, "older", 1767225650), SampleUpdates.Edit(5, 2, "...", 1767225700));
        await IndexAsync();
        Assert.Equal([1], await FindAsync("after"));
        Assert.Empty(await FindAsync("older"));
        Assert.Empty(await FindAsync("other"));
        Assert.Equal("1", await IndexedAsync());
    }

    [Fact]
    public async Task Search_Retention_TakesMessagesOutOfTheIndex()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "gone"), SampleUpdates.Message(2, 2, "gone too"));
        await IndexAsync();
        var old = Fixture.Time.GetUtcNow().ToUnixTimeMilliseconds() + 1;
        Assert.Equal(1, await Store.DeleteExpiredAsync(1, old, 1, default));
        Assert.Equal([2], await FindAsync("gone"));
        Assert.Equal("1", await IndexedAsync());
    }

    [Fact]
    public async Task Search_DeletedBetweenLookAndWrite_IsNotIndexed()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "gone"), SampleUpdates.Message(2, 2, "stays"));
        var texts = (await Fixture.Messages.ReadUnindexedAsync(default))!;
        await Store.DeleteExpiredAsync(1, Fixture.Time.GetUtcNow().ToUnixTimeMilliseconds() + 1, 1, default);
        var step = new IndexStep(texts.Cursor, texts.ThroughSeq, [.. texts.Texts.Select(text => new IndexedMessage(text.MessageId, 1, text.ChatId, SearchText.TermsOf(text.Text, 1, text.ChatId, text.ThreadId)))]);

        Assert.True(await Fixture.Messages.WriteIndexAsync(step, default));
        Assert.Equal("1", await IndexedAsync());
        // Another process was faster: nothing is written.
        Assert.False(await Fixture.Messages.WriteIndexAsync(step with { ThroughSeq = 1 }, default));
        Assert.Equal("2", await Fixture.ScalarAsync("SELECT seq FROM search_cursor"));
    }

    [Fact]
    public async Task Search_LogReset_GoesOnInTheNewIdentity()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "before"));
        await IndexAsync();
        var head = (await Store.ReadHeadAsync(default))!.Value;
        await Store.ResetAsync(new LogPosition(head.LogId, head.Seq + 5));
        var after = await CommitAsync(SampleUpdates.Message(2, 2, "before and after"));
        await IndexAsync();

        Assert.Equal([after.Items[0].Seq, 1], await FindAsync("before"));
    }

    [Fact]
    public async Task Search_CursorAboveTheHead_BeginsAnew()
    {
        await CommitAsync(SampleUpdates.Message(1, 1, "word"));
        await Fixture.ExecuteAsync("UPDATE search_cursor SET seq = 900");
        await IndexAsync();
        Assert.Equal([1], await FindAsync("word"));
        Assert.Equal("1", await Fixture.ScalarAsync("SELECT seq FROM search_cursor"));
    }

    [Fact]
    public async Task StepEvents_MoreThanOneStep_GoOnFromTheCursor()
    {
        // Short texts: the bound on characters must not end the step before the one on events.
        for (var batch = 0; batch < 5; batch++)
            await CommitAsync([.. Enumerable.Range(batch * 500, 500).Select(i => SampleUpdates.Message(i + 1, i + 1, i % 1000 == 999 ? "rare" : "ok"))]);
        var indexer = new SearchIndexer(Fixture.Messages, Fixture.Time, NullLogger.Instance);
        Assert.Equal(StepOutcome.Behind, await indexer.StepAsync(default));
        Assert.Equal(Limits.Search.StepEvents.ToString(System.Globalization.CultureInfo.InvariantCulture), await Fixture.ScalarAsync("SELECT seq FROM search_cursor"));
        Assert.Equal([1000], await FindAsync("rare"));

        // A new indexer, as after a restart.
        await IndexAsync();
        Assert.Equal([2000, 1000], await FindAsync("rare"));
        Assert.Equal("2500", await IndexedAsync());
    }

    [Fact]
    public async Task StepCharacters_Over_EndTheStep()
    {
        var text = string.Concat(Enumerable.Repeat("ab ", Limits.Search.StepCharacters / 6));
        await CommitAsync(SampleUpdates.Message(1, 1, text), SampleUpdates.Message(2, 2, text), SampleUpdates.Message(3, 3, text));
        var texts = (await Fixture.Messages.ReadUnindexedAsync(default))!;
        Assert.Equal((3, 3L), (texts.Texts.Count, texts.ThroughSeq));
        await CommitAsync(SampleUpdates.Message(4, 4, text));
        texts = (await Fixture.Messages.ReadUnindexedAsync(default))!;
        Assert.Equal((3, 3L, 4L), (texts.Texts.Count, texts.ThroughSeq, texts.HeadSeq));
    }

    private async Task<string?> IndexedAsync() =>
        await Fixture.ScalarAsync(Fixture.Database.Dialect == "sqlite" ? "SELECT COUNT(*) FROM message_search_docsize" : "SELECT COUNT(*) FROM message_texts");
}
