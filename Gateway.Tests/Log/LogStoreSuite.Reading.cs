using Gateway.Log;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Log;

public abstract partial class LogStoreSuite
{
    private async Task<(long ChatA, long ChatB)> SpreadAsync()
    {
        // seq 1..12: chats A, B and none of bot 1 in turn, with a bot 2 event every fourth.
        var items = Enumerable.Range(1, 12).Select(i => (i % 4) switch
        {
            0 => SampleUpdates.Message(i, i, bot: 2, chat: -9),
            1 => SampleUpdates.Message(i, i, chat: -1),
            2 => SampleUpdates.Message(i, i, chat: -2),
            _ => SampleUpdates.Json(1, $$"""{"update_id":{{i}},"poll":{"id":"{{i}}"} }"""),
        }).ToArray();
        var batch = await CommitAsync(items);
        return (batch.Items[0].ChatId, batch.Items[1].ChatId);
    }

    [Fact]
    public async Task Read_Pages_FollowOnWithoutOverlap()
    {
        await SpreadAsync();
        var seen = new List<long>();
        LogPage page;
        for (long after = 0; ; after = page.ThroughSeq)
        {
            page = await PageAsync(new LogQuery(after) { MaxEvents = 5 });
            if (page.Events.Count == 0) break;
            seen.AddRange(page.Events.Select(e => e.Seq));
            Assert.InRange(page.Events.Count, 1, 5);
        }

        Assert.Equal(Enumerable.Range(1, 12).Select(i => (long)i), seen);
        Assert.Equal(12, page.ThroughSeq);
    }

    [Fact]
    public async Task Read_Bounds_AreHeld()
    {
        await SpreadAsync();
        Assert.Equal([4, 5, 6], await SeqsAsync(new LogQuery(3) { ThroughSeq = 6 }));
        Assert.Equal(6, (await PageAsync(new LogQuery(3) { ThroughSeq = 6 })).ThroughSeq);
        Assert.Equal([1], await SeqsAsync(new LogQuery(0) { MaxBytes = 1 }));
        Assert.Equal(1, (await PageAsync(new LogQuery(0) { MaxBytes = 1 })).ThroughSeq);
        var above = await PageAsync(new LogQuery(50));
        Assert.Empty(above.Events);
        Assert.Equal((50L, 12L), (above.ThroughSeq, above.Head.Seq));
    }

    [Fact]
    public async Task Read_MoreEventsThanAPageHas_IsCutToIt()
    {
        await CommitAsync(Enumerable.Range(1, Limits.Log.PageEvents + 1).Select(i => SampleUpdates.Message(i, i)).ToArray());
        var page = await PageAsync(new LogQuery(0) { MaxEvents = 10 * Limits.Log.PageEvents });
        Assert.Equal((Limits.Log.PageEvents, (long)Limits.Log.PageEvents), (page.Events.Count, page.ThroughSeq));
    }

    [Fact]
    public async Task Read_MoreBytesThanAPageHas_EndsAfterTheEventThatReachesThem()
    {
        CommitItem Large(int id) => SampleUpdates.Bytes(1, [.. BitConverter.GetBytes(id), .. new byte[Limits.Ingest.UpdateBytes - 4]]);
        await CommitAsync(Large(1), Large(2), Large(3));
        await CommitAsync(Large(4), Large(5), Large(6));
        const int fits = Limits.Log.PageBytes / Limits.Ingest.UpdateBytes;
        Assert.Equal(Enumerable.Range(1, fits).Select(i => (long)i), await SeqsAsync(new LogQuery(0) { MaxBytes = int.MaxValue }));
        Assert.Equal([5, 6], await SeqsAsync(new LogQuery(fits) { MaxBytes = int.MaxValue }));
    }

    [Fact]
    public async Task Read_ByChatAndBot_IsTheUnionOnceInOrder()
    {
        var (a, b) = await SpreadAsync();
        Assert.Equal([1, 5, 9], await SeqsAsync(new LogQuery(0) { ChatIds = [a] }));
        Assert.Equal([1, 2, 5, 6, 9, 10], await SeqsAsync(new LogQuery(0) { ChatIds = [a, b] }));
        Assert.Equal([4, 8, 12], await SeqsAsync(new LogQuery(0) { BotIds = [2] }));
        Assert.Equal([5, 6, 7, 9, 10, 11], await SeqsAsync(new LogQuery(4) { BotIds = [1], ChatIds = [a] }));
        Assert.Equal([1, 4], await SeqsAsync(new LogQuery(0) { BotIds = [2], ChatIds = [a], MaxEvents = 2 }));
        Assert.Equal(4, (await PageAsync(new LogQuery(0) { BotIds = [2], ChatIds = [a], MaxEvents = 2 })).ThroughSeq);
        Assert.Equal(12, (await PageAsync(new LogQuery(0) { ChatIds = [a] })).ThroughSeq);
        Assert.Empty(await SeqsAsync(new LogQuery(0) { ChatIds = [], BotIds = [] }));
        Assert.Equal(12, (await PageAsync(new LogQuery(0) { ChatIds = [] })).ThroughSeq);
    }

    [Fact]
    public async Task Read_ManySelectors_GiveTheSameAsFew()
    {
        var (a, b) = await SpreadAsync();
        long[] many = [a, b, .. Enumerable.Range(100_000, 2 * Limits.Log.MergedSelectors).Select(i => (long)i)];
        Assert.Equal([1, 2, 5, 6, 9, 10], await SeqsAsync(new LogQuery(0) { ChatIds = many }));
        var page = await PageAsync(new LogQuery(1) { ChatIds = many, MaxEvents = 2 });
        Assert.Equal([2, 5], page.Events.Select(e => e.Seq));
        Assert.Equal(5, page.ThroughSeq);
        Assert.Equal(12, (await PageAsync(new LogQuery(0) { ChatIds = many })).ThroughSeq);
    }

    [Fact]
    public async Task Read_FewMatchesInALongLog_EndsAPageEarlyAndGoesOn()
    {
        for (var i = 0; i < Limits.Log.ScannedEvents / 500 + 2; i++)
            await CommitAsync(Enumerable.Range(0, 500).Select(j => SampleUpdates.Json(1, $$"""{"update_id":{{i * 500 + j}},"poll":{"id":"1"} }""")).ToArray());
        var last = (await CommitAsync(SampleUpdates.Message(900_000, 1))).Items[0];
        long[] many = [last.ChatId, .. Enumerable.Range(100_000, Limits.Log.MergedSelectors).Select(i => (long)i)];

        var pages = 0;
        LogPage page;
        long after = 0;
        do
        {
            page = await PageAsync(new LogQuery(after) { ChatIds = many });
            Assert.True(page.ThroughSeq > after);
            after = page.ThroughSeq;
            pages++;
        }
        while (page.Events.Count == 0);

        Assert.Equal(last.Seq, Assert.Single(page.Events).Seq);
        Assert.Equal(2, pages);
    }

    [Fact]
    public async Task FindSeqBefore_Times_AnswersTheLastOneBefore()
    {
        Assert.Equal(0, await Store.FindSeqBeforeAsync(long.MaxValue, default));
        var times = new List<long>();
        for (var i = 1; i <= 20; i++)
        {
            times.Add((await CommitAsync(SampleUpdates.Message(2 * i, 2 * i), SampleUpdates.Message(2 * i + 1, 2 * i + 1))).Head.CreatedAtMs);
            Fixture.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(0, await Store.FindSeqBeforeAsync(times[0], default));
        Assert.Equal(2, await Store.FindSeqBeforeAsync(times[0] + 1, default));
        Assert.Equal(14, await Store.FindSeqBeforeAsync(times[7], default));
        Assert.Equal(40, await Store.FindSeqBeforeAsync(times[19] + 1, default));
    }

    [Fact]
    public async Task FindSeqBefore_AcrossARestoredLogsJump_IsAnEventThatExists()
    {
        var before = await CommitAsync(SampleUpdates.Message(1, 1), SampleUpdates.Message(2, 2));
        Fixture.Time.Advance(TimeSpan.FromMinutes(1));
        var reset = await Store.ResetAsync(new LogPosition(before.Head.LogId, 100));
        Assert.Equal(2, await Store.FindSeqBeforeAsync(reset!.CreatedAtMs, default));
        Assert.Equal(reset.Seq, await Store.FindSeqBeforeAsync(reset.CreatedAtMs + 1, default));
    }

    [Fact]
    public async Task DeleteExpired_OldEvents_RaisesRetainedFromInTheSameSnapshot()
    {
        await AddBotAsync(1);
        await AddBotAsync(2);
        var (a, _) = await SpreadAsync();
        var old = Fixture.Time.GetUtcNow().ToUnixTimeMilliseconds() + 1;
        Fixture.Time.Advance(TimeSpan.FromDays(40));
        await CommitAsync(SampleUpdates.Message(100, 100, chat: -1));

        Assert.Equal(4, await Store.DeleteExpiredAsync(1, old, 4, default));

        var page = await PageAsync(new LogQuery(0));
        Assert.Equal([4, 6, 7, 8, 9, 10, 11, 12, 13], page.Events.Select(e => e.Seq));
        Assert.Equal(new BotRetention(1, 6), Assert.Single(page.Retained));
        Assert.Equal("7", await Fixture.ScalarAsync("SELECT COUNT(*) FROM messages"));
        Assert.Equal(new BotRetention(1, 6), Assert.Single((await PageAsync(new LogQuery(4) { ChatIds = [a] })).Retained));
        Assert.Empty((await PageAsync(new LogQuery(5))).Retained);
        Assert.Empty((await PageAsync(new LogQuery(0) { BotIds = [2] })).Retained);

        Assert.Equal(5, await Store.DeleteExpiredAsync(1, old, 100, default));
        Assert.Equal(0, await Store.DeleteExpiredAsync(1, old, 100, default));
        Assert.Equal([4, 8, 12, 13], await SeqsAsync(new LogQuery(0)));
        Assert.Equal(new BotRetention(1, 12), Assert.Single((await PageAsync(new LogQuery(0))).Retained));
    }

    [Fact]
    public async Task Commit_HeadBelowTheFloor_WritesNothing()
    {
        var head = (await CommitAsync(SampleUpdates.Message(1, 1))).Head;
        var batch = new CommitBatch([SampleUpdates.Message(2, 2)]);
        Assert.Equal(BatchOutcome.HeadMovedBack, await Store.CommitAsync(batch, new LogPosition(head.LogId, 2)));
        Assert.Equal(1, (await Store.ReadHeadAsync(default))!.Value.Seq);
        Assert.Equal(BatchOutcome.Committed, await Store.CommitAsync(batch, new LogPosition(head.LogId, 1)));
        Assert.Equal(BatchOutcome.Committed, await Store.CommitAsync(new CommitBatch([]), new LogPosition("anotherl", 1_000)));
    }

    /// <summary>A copy from before the last reset carries another identity than the floor: its own floor must be looked up before anything is written.</summary>
    [Fact]
    public async Task Commit_IdentityIsAnotherThanAtTheLastCommit_WritesNothingAndHasTheCallerLookAgain()
    {
        var head = (await CommitAsync(SampleUpdates.Message(1, 1))).Head;
        await Fixture.ExecuteAsync("UPDATE log_head SET log_id = 'older000'");
        var batch = new CommitBatch([SampleUpdates.Message(2, 2)]);

        Assert.Equal(BatchOutcome.Retry, await Store.CommitAsync(batch, new LogPosition(head.LogId, 1)));
        Assert.Equal(1, (await Store.ReadHeadAsync(default))!.Value.Seq);
        Assert.Equal(BatchOutcome.HeadMovedBack, await Store.CommitAsync(batch, new LogPosition("older000", 9)));
        Assert.Equal(BatchOutcome.Committed, await Store.CommitAsync(batch, new LogPosition("older000", 1)));
    }

    [Fact]
    public async Task Read_NoEventsAskedFor_AnswersOne()
    {
        await SpreadAsync();
        Assert.Equal([1], await SeqsAsync(new LogQuery(0) { MaxEvents = 0 }));
    }

    [Fact]
    public async Task Reset_HeadMovedBack_StartsANewIdentityAboveAllSeen()
    {
        var old = (await CommitAsync(SampleUpdates.Message(1, 1), SampleUpdates.Message(2, 2))).Head;
        var floor = new LogPosition(old.LogId, 500);

        var first = (await Store.ResetAsync(floor))!;

        Assert.NotEqual(old.LogId, first.LogId);
        Assert.Equal(500 + Limits.Log.ResetJump, first.Seq);
        Assert.Equal((GatewayEventKinds.LogReset, 0L), (first.Kind, first.BotId));
        Assert.Contains("\"restored_seq\":2", System.Text.Encoding.UTF8.GetString(first.Payload));
        Assert.Equal([old.LogId, "2", "500"], (await Fixture.RowsAsync("SELECT log_id, last_seq, seen_seq FROM log_history")).Single());
        var next = await CommitAsync(SampleUpdates.Message(3, 3));
        Assert.Equal((first.LogId, first.Seq + 1), (next.Head.LogId, next.Items[0].Seq));
        Assert.Equal([1, 2, first.Seq, first.Seq + 1], await SeqsAsync(new LogQuery(0)));
    }

    [Fact]
    public async Task Reset_SomebodyWasFirst_ChangesNothingAndNamesTheSameEvent()
    {
        var floor = new LogPosition((await CommitAsync(SampleUpdates.Message(1, 1))).Head.LogId, 500);
        var first = (await Store.ResetAsync(floor))!;
        await using var other = Fixture.OpenAnother();
        var second = (await other.ResetAsync(floor))!;
        Assert.Equal((first.LogId, first.Seq, first.CreatedAtMs), (second.LogId, second.Seq, second.CreatedAtMs));
        Assert.Equal(first.Payload, second.Payload);
        Assert.Equal("1", await Fixture.ScalarAsync("SELECT COUNT(*) FROM log_history"));
    }

    [Fact]
    public async Task Read_WhileCommitting_NeverSeesAHoleOrAHalfBatch()
    {
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            long after = 0;
            while (true)
            {
                var isLast = done.IsCancellationRequested;
                var page = await PageAsync(new LogQuery(after) { MaxEvents = 50 });
                foreach (var read in page.Events) Assert.Equal(++after, read.Seq);
                Assert.Equal(0, page.Head.Seq % 10);
                if (isLast && page.Events.Count == 0) return after;
            }
        })).ToArray();

        for (var i = 0; i < 40; i++)
            await CommitAsync(Enumerable.Range(0, 10).Select(j => SampleUpdates.Message(i * 10 + j, i * 10 + j + 1)).ToArray());
        await done.CancelAsync();

        Assert.All(await Task.WhenAll(readers), last => Assert.Equal(400, last));
    }

    private Task AddBotAsync(long id) => Fixture.ExecuteAsync($"""
        INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms)
        VALUES ({id}, {1000 + id}, '{id:D32}', 'x', '{id:D32}', 'x', 'webhook', 0)
        """);
}
