using Gateway.Log;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Log;

/// <summary>The contract of <see cref="ILogStore"/>, run over every engine by a subclass each.</summary>
public abstract partial class LogStoreSuite : IAsyncLifetime
{
    private static readonly LogPosition NoFloor = new("", 0);

    private protected LogStoreFixture Fixture { get; private set; } = null!;

    private protected ILogStore Store => Fixture.Store;

    private protected abstract Task<LogStoreFixture> OpenAsync();

    public async Task InitializeAsync() => Fixture = await OpenAsync();

    public async Task DisposeAsync() => await Fixture.DisposeAsync();

    private protected async Task<CommitBatch> CommitAsync(params CommitItem[] items)
    {
        var batch = new CommitBatch(items);
        Assert.Equal(BatchOutcome.Committed, await Store.CommitAsync(batch, NoFloor));
        return batch;
    }

    private protected async Task<LogPage> PageAsync(LogQuery query) => (await Store.ReadPageAsync(query, default))!;

    private protected async Task<List<long>> SeqsAsync(LogQuery query) => (await PageAsync(query)).Events.Select(e => e.Seq).ToList();

    private static List<long> SeqsOf(CommitBatch batch) => batch.Items.Select(item => item.Seq).ToList();

    [Fact]
    public async Task Commit_Batch_IsDenseAndInOrder()
    {
        var first = await CommitAsync(SampleUpdates.Message(10, 1), SampleUpdates.Message(11, 2), SampleUpdates.Message(12, 3));
        var second = await CommitAsync(SampleUpdates.Message(13, 4));

        Assert.Equal([1, 2, 3], SeqsOf(first));
        Assert.Equal([4], SeqsOf(second));
        Assert.Equal(4, second.Head.Seq);
        Assert.Equal(second.Head, await Store.ReadHeadAsync(default));
        Assert.Equal([1, 2, 3, 4], await SeqsAsync(new LogQuery(0)));
        Assert.All(second.Items, item => Assert.Equal(CommitStatus.Stored, item.Status));
    }

    [Fact]
    public async Task Commit_Empty_IsCommittedAndTellsTheHead()
    {
        await CommitAsync(SampleUpdates.Message(10, 1));
        var empty = await CommitAsync();
        Assert.Equal(1, empty.Head.Seq);
        Assert.Matches("^[a-z0-9]{8}$", empty.Head.LogId);
    }

    [Fact]
    public async Task Commit_ClockGoesBack_CreatedAtDoesNot()
    {
        var first = await CommitAsync(SampleUpdates.Message(10, 1));
        Fixture.Time.AdjustTime(Fixture.Time.GetUtcNow() - TimeSpan.FromMinutes(5));
        var second = await CommitAsync(SampleUpdates.Message(11, 2));

        Assert.Equal(first.Head.CreatedAtMs, second.Head.CreatedAtMs);
        Assert.Equal(first.Head.CreatedAtMs, (await PageAsync(new LogQuery(1))).Events.Single().CreatedAtMs);
    }

    [Fact]
    public async Task Commit_SameKeyTwiceInABatch_IsOneRowAndOneSeq()
    {
        var batch = await CommitAsync(SampleUpdates.Message(10, 1), SampleUpdates.Message(10, 1), SampleUpdates.Message(11, 2));

        Assert.Equal([1, 1, 2], SeqsOf(batch));
        Assert.Equal([CommitStatus.Stored, CommitStatus.Duplicate, CommitStatus.Stored], batch.Items.Select(item => item.Status));
        Assert.Equal([1, 2], await SeqsAsync(new LogQuery(0)));
    }

    [Fact]
    public async Task Commit_KeySeenBefore_IsDuplicateWithItsSeqAndLeavesNoHole()
    {
        await CommitAsync(SampleUpdates.Message(10, 1), SampleUpdates.Message(11, 2));
        var again = await CommitAsync(SampleUpdates.Message(11, 2), SampleUpdates.Message(12, 3), SampleUpdates.Message(10, 1));

        Assert.Equal([2, 3, 1], SeqsOf(again));
        Assert.Equal([CommitStatus.Duplicate, CommitStatus.Stored, CommitStatus.Duplicate], again.Items.Select(item => item.Status));
        Assert.Equal(3, again.Head.Seq);
    }

    [Theory]
    [InlineData(23)]
    [InlineData(48)]
    public async Task Commit_RetryWithinTheWindow_IsDuplicate(int hours)
    {
        await CommitAsync(SampleUpdates.Message(10, 1));
        Fixture.Time.Advance(TimeSpan.FromHours(hours));
        var again = await CommitAsync(SampleUpdates.Message(10, 1));
        Assert.Equal(CommitStatus.Duplicate, again.Items[0].Status);
        Assert.Equal(1, again.Items[0].Seq);
    }

    [Fact]
    public async Task Commit_KeyOf49Hours_IsANewUpdate()
    {
        await CommitAsync(SampleUpdates.Message(10, 1));
        Fixture.Time.Advance(TimeSpan.FromHours(49));
        var again = await CommitAsync(SampleUpdates.Message(10, 500, "other"), SampleUpdates.Message(10, 500, "other"));

        Assert.Equal([2, 2], SeqsOf(again));
        Assert.Equal([CommitStatus.Stored, CommitStatus.Duplicate], again.Items.Select(item => item.Status));
        Assert.Equal(2, (await PageAsync(new LogQuery(0))).Events.Count);
        Fixture.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, (await CommitAsync(SampleUpdates.Message(10, 500, "other"))).Items[0].Seq);
    }

    [Fact]
    public async Task Commit_UpdateIdsRestartLower_AreStored()
    {
        await CommitAsync(SampleUpdates.Message(900_000, 1));
        Fixture.Time.Advance(TimeSpan.FromDays(8));
        Assert.Equal([2, 3], SeqsOf(await CommitAsync(SampleUpdates.Message(17, 2), SampleUpdates.Message(18, 3))));
    }

    [Fact]
    public async Task Commit_NoReadableUpdateId_IsDedupedByItsBytes()
    {
        byte[] garbage = [0xff, 0x00, 0x7b];
        var batch = await CommitAsync(SampleUpdates.Bytes(1, garbage), SampleUpdates.Bytes(1, [0xfe]), SampleUpdates.Bytes(1, garbage), SampleUpdates.Bytes(2, garbage));
        Assert.Equal([1, 2, 1, 3], SeqsOf(batch));
    }

    [Fact]
    public async Task Commit_RefusedData_IsSaidAndTheRestCanBeStored()
    {
        await Fixture.InstallTriggersAsync();
        var poison = new CommitBatch([SampleUpdates.Message(10, 1), SampleUpdates.Message(LogStoreFixture.PoisonUpdateId, 2), SampleUpdates.Message(12, 3)]);

        Assert.Equal(BatchOutcome.DataRefused, await Store.CommitAsync(poison, NoFloor));

        Assert.Empty((await PageAsync(new LogQuery(0))).Events);
        Assert.Equal([1, 2], SeqsOf(await CommitAsync(poison.Items[0], poison.Items[2])));
    }

    [Fact]
    public async Task Commit_ProjectionRefused_StoresTheEventFlagged()
    {
        await Fixture.InstallTriggersAsync();
        var batch = await CommitAsync(SampleUpdates.Message(10, 1), SampleUpdates.Message(11, LogStoreFixture.PoisonMessageId), SampleUpdates.Message(12, 3));

        Assert.Equal([1, 2, 3], SeqsOf(batch));
        Assert.Equal([false, true, false], batch.Items.Select(item => item.ProjectionFailed));
        Assert.Equal("2", await Fixture.ScalarAsync("SELECT seq FROM events WHERE projection_failed = 1"));
        Assert.Equal("2", await Fixture.ScalarAsync("SELECT COUNT(*) FROM messages"));
    }

    [Fact]
    public async Task Commit_GatewayEvent_KeepsItsKindAndKnownChat()
    {
        var chat = (await CommitAsync(SampleUpdates.Message(10, 1))).Items[0].ChatId;
        var made = new CommitItem
        {
            Update = new IncomingUpdate(1, "{\"a\":1}"u8.ToArray(), new UpdateFacts { Kind = "gateway.test" }),
            DedupKey = "g:test:1",
            KnownChatId = chat,
        };
        await CommitAsync(made);

        var read = (await PageAsync(new LogQuery(1) { ChatIds = [chat] })).Events.Single();
        Assert.Equal(("gateway.test", 2L, chat), (read.Kind, read.Seq, read.ChatId));
    }

    [Fact]
    public async Task Commit_TwoStoresOnOneDatabase_InterleaveWithoutHoles()
    {
        await using var other = Fixture.OpenAnother();
        var batches = new List<CommitBatch>();
        for (var i = 0; i < 10; i++)
        {
            var mine = new CommitBatch([SampleUpdates.Message(100 + i, 1 + i), SampleUpdates.Message(300 + i, 100 + i)]);
            var theirs = new CommitBatch([SampleUpdates.Message(200 + i, 50 + i), SampleUpdates.Message(100 + i, 1 + i)]);
            await Task.WhenAll(CommitUntilDoneAsync(Store, mine), CommitUntilDoneAsync(other, theirs));
            batches.Add(mine);
            batches.Add(theirs);
        }

        Assert.Equal(Enumerable.Range(1, 30).Select(i => (long)i), await SeqsAsync(new LogQuery(0)));
        Assert.Equal(30, batches.SelectMany(b => b.Items).Count(item => item.Status == CommitStatus.Stored));

        static async Task CommitUntilDoneAsync(ILogStore store, CommitBatch batch)
        {
            var outcome = BatchOutcome.Retry;
            for (var i = 0; i < 20 && outcome == BatchOutcome.Retry; i++) outcome = await store.CommitAsync(batch, NoFloor);
            Assert.Equal(BatchOutcome.Committed, outcome);
        }
    }
}
