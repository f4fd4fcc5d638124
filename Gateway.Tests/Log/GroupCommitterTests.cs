using Gateway.Log;
using Gateway.Messages;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Log;

public sealed class GroupCommitterTests
{
    private readonly TimerCountingTime time = new();
    private readonly ScriptedStore store = new();

    private async Task<Committing> StartAsync(HighWater? highWater = null)
    {
        var committing = new Committing(store, time, highWater);
        // The probe with which every committer begins.
        await store.Asked.ReadAsync();
        return committing;
    }

    private static IncomingUpdate Update(long id, int bytes = 0) => bytes == 0
        ? SampleUpdates.Message(id, id).Update
        : new IncomingUpdate(1, new byte[bytes], new UpdateFacts { Kind = "message", UpdateId = id });

    [Fact]
    public async Task Commit_Update_IsStoredAndPublishedWithItsFacts()
    {
        var committing = await StartAsync();
        Assert.Equal(new CommitOutcome(CommitStatus.Stored, 1), await committing.CommitAsync(Update(5)));

        var published = await committing.PublishedAsync("message");
        Assert.Equal((1L, 5L, "aaaaaaaa"), (published.Seq, published.Facts.UpdateId, published.LogId));
        Assert.True(committing.Queue.IsWritable);
        Assert.Equal(new LogPosition("aaaaaaaa", 1), committing.HighWater.Current);
        await committing.StopAsync();
    }

    [Fact]
    public async Task Batch_IsWhatCameWhileTheLastOneWasInFlight()
    {
        var committing = await StartAsync();
        var gate = store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = committing.CommitAsync(Update(1));
        Assert.Single((await store.Asked.ReadAsync()).Items);
        var rest = Enumerable.Range(2, 10).Select(i => committing.CommitAsync(Update(i))).ToArray();
        store.Gate = null;
        gate.SetResult();

        Assert.Equal(10, (await store.Asked.ReadAsync()).Items.Count);
        Assert.Equal(1, (await first).Seq);
        Assert.Equal(Enumerable.Range(2, 10).Select(i => (long)i), (await Task.WhenAll(rest)).Select(outcome => outcome.Seq));
        await committing.StopAsync();
    }

    [Fact]
    public async Task Batch_CountAndBytes_CloseIt()
    {
        var committing = await StartAsync();
        var gate = store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var all = new List<Task> { committing.CommitAsync(Update(1)) };
        await store.Asked.ReadAsync();
        for (var i = 0; i < Limits.Log.BatchUpdates + 1; i++) all.Add(committing.CommitAsync(Update(10 + i)));
        for (var i = 0; i < 5; i++) all.Add(committing.CommitAsync(Update(10_000 + i, Limits.Log.BatchBytes / 3)));
        store.Gate = null;
        gate.SetResult();
        await Task.WhenAll(all);

        Assert.Equal(Limits.Log.BatchUpdates, (await store.Asked.ReadAsync()).Items.Count);
        Assert.Equal(1 + 2, (await store.Asked.ReadAsync()).Items.Count);
        Assert.Equal(3, (await store.Asked.ReadAsync()).Items.Count);
        await committing.StopAsync();
    }

    [Fact]
    public async Task Retry_GivesTheSameBatchAgain()
    {
        var committing = await StartAsync();
        store.Next(BatchOutcome.Retry, BatchOutcome.Retry);
        var outcome = committing.CommitAsync(Update(1));
        var first = await store.Asked.ReadAsync();
        Assert.Same(first, await AdvanceUntilAskedAsync());
        Assert.Same(first, await AdvanceUntilAskedAsync());
        Assert.Equal(new CommitOutcome(CommitStatus.Stored, 1), await outcome);
        await committing.StopAsync();
    }

    [Fact]
    public async Task UnknownOutcome_CommitWasWritten_WaiterGetsItsSeqAndThePublisherTheHead()
    {
        var committing = await StartAsync();
        store.Next(batch =>
        {
            store.Write(batch);
            return BatchOutcome.Retry;
        });
        var outcome = committing.CommitAsync(Update(1));
        await store.Asked.ReadAsync();
        await AdvanceUntilAskedAsync();

        Assert.Equal(new CommitOutcome(CommitStatus.Duplicate, 1), await outcome);
        // Handed on before the waiter was answered.
        Assert.True(committing.Published.TryTake(out var batch));
        Assert.Empty(batch.Events);
        Assert.Equal(1, batch.Head.Seq);
        await committing.StopAsync();
    }

    [Fact]
    public async Task Retry_WithoutEnd_AnswersUnavailable()
    {
        var committing = await StartAsync();
        for (var i = 0; i < Limits.Log.CommitAttempts; i++) store.Next(BatchOutcome.Retry);
        var outcome = committing.CommitAsync(Update(1));
        await store.Asked.ReadAsync();
        for (var i = 1; i < Limits.Log.CommitAttempts; i++) await AdvanceUntilAskedAsync();
        Assert.Equal(CommitStatus.Unavailable, (await outcome).Status);
        await committing.StopAsync();
    }

    [Fact]
    public async Task Retry_ForTooLong_AnswersUnavailable()
    {
        var committing = await StartAsync();
        store.Next(BatchOutcome.Retry, BatchOutcome.Retry);
        var outcome = committing.CommitAsync(Update(1));
        while (!outcome.IsCompleted)
        {
            time.Advance(Limits.Log.CommitRetry + TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        // The second try was the last, long before the most attempts there may be.
        Assert.Equal(CommitStatus.Unavailable, (await outcome).Status);
        await committing.StopAsync();
    }

    [Fact]
    public async Task DataRefused_FailsThePoisonAloneAndKeepsTheOrder()
    {
        var committing = await StartAsync();
        var gate = store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = committing.CommitAsync(Update(1));
        await store.Asked.ReadAsync();
        var rest = Enumerable.Range(2, 7).Select(i => committing.CommitAsync(Update(i))).ToArray();
        BatchOutcome RefusePoison(CommitBatch batch) =>
            batch.Items.Any(item => item.Update.Facts.UpdateId == 5) ? BatchOutcome.DataRefused : store.Write(batch);
        store.Next(store.Write);
        for (var i = 0; i < 7; i++) store.Next(RefusePoison);
        store.Gate = null;
        gate.SetResult();

        await first;
        var outcomes = await Task.WhenAll(rest);
        Assert.Equal([2, 3, 4, 0, 5, 6, 7], outcomes.Select(outcome => outcome.Seq));
        Assert.Equal(CommitStatus.Refused, outcomes[3].Status);
        Assert.True(committing.Queue.IsWritable);
        await committing.StopAsync();
    }

    [Fact]
    public async Task Unavailable_FailsFastAndIsBackWithinTwoSeconds()
    {
        var committing = await StartAsync();
        store.IsAway = true;
        Assert.Equal(CommitStatus.Unavailable, (await committing.CommitAsync(Update(1))).Status);
        Assert.False(committing.Queue.IsWritable);
        Assert.NotNull(committing.Queue.UnwritableReason);
        Assert.Equal(CommitStatus.Unavailable, (await committing.CommitAsync(Update(1))).Status);

        time.Advance(TimeSpan.FromSeconds(10));
        store.IsAway = false;
        var waited = TimeSpan.Zero;
        while (committing.Queue.IsAway)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            waited += TimeSpan.FromMilliseconds(10);
            await Task.Yield();
            if (waited > TimeSpan.FromMinutes(10)) Assert.Fail("never came back");
        }

        Assert.Equal(new CommitOutcome(CommitStatus.Stored, 1), await committing.CommitAsync(Update(1)));
        Assert.True(Limits.Log.BackoffMost < TimeSpan.FromSeconds(2));
        Assert.Null(committing.Queue.UnwritableReason);
        await committing.StopAsync();
    }

    [Fact]
    public async Task QueueFull_ByCountOrBytes_AnswersAtOnce()
    {
        var committing = await StartAsync();
        var gate = store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = committing.CommitAsync(Update(1));
        await store.Asked.ReadAsync();
        var payload = SampleUpdates.Message(1, 1).Update.Payload;
        var queued = Enumerable.Range(0, Limits.Log.CommitQueueUpdates)
            .Select(i => committing.CommitAsync(new IncomingUpdate(1, payload, new UpdateFacts { Kind = "message", UpdateId = 100 + i }))).ToArray();

        Assert.Equal(CommitStatus.QueueFull, (await committing.CommitAsync(Update(2))).Status);
        committing.Queue.RequestHeadCheck();
        store.Gate = null;
        gate.SetResult();
        Assert.All(await Task.WhenAll(queued), outcome => Assert.Equal(CommitStatus.Stored, outcome.Status));
        Assert.True((await first).IsDurable);

        var second = store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var large = Enumerable.Range(0, (int)(Limits.Log.CommitQueueBytes / Limits.Ingest.UpdateBytes) + Limits.Log.BatchUpdates)
            .Select(i => committing.CommitAsync(Update(20_000 + i, Limits.Ingest.UpdateBytes))).ToArray();
        store.Gate = null;
        second.SetResult();
        var statuses = (await Task.WhenAll(large)).Select(outcome => outcome.Status).ToList();
        Assert.Contains(CommitStatus.QueueFull, statuses);
        Assert.Contains(CommitStatus.Stored, statuses);
        await committing.StopAsync();
    }

    [Fact]
    public async Task Drain_CommitsWhatIsQueuedAndRefusesTheRest()
    {
        var committing = await StartAsync();
        var gate = store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = committing.CommitAsync(Update(1));
        await store.Asked.ReadAsync();
        var second = committing.CommitAsync(Update(2));
        committing.Queue.Drain();
        Assert.Equal(CommitStatus.ShuttingDown, (await committing.CommitAsync(Update(3))).Status);
        gate.SetResult();

        Assert.Equal([1, 2], (await Task.WhenAll(first, second)).Select(outcome => outcome.Seq));
        await committing.StopAsync();
    }

    [Fact]
    public async Task Drain_WhileTheDatabaseIsAway_Ends()
    {
        store.IsAway = true;
        var committing = new Committing(store, time);
        committing.Queue.Drain();
        while (!committing.Loop.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(CommitStatus.ShuttingDown, (await committing.CommitAsync(Update(1))).Status);
    }

    [Fact]
    public async Task Abandon_AnswersEveryWaiter()
    {
        var committing = await StartAsync();
        store.Next(BatchOutcome.Retry);
        var first = committing.CommitAsync(Update(1));
        await store.Asked.ReadAsync();
        var second = committing.CommitAsync(Update(2));
        await committing.AbandonAsync();
        Assert.All(await Task.WhenAll(first, second), outcome => Assert.Equal(CommitStatus.ShuttingDown, outcome.Status));
    }

    [Fact]
    public async Task Abandon_StoreThrowsThen_AnswersEveryWaiter()
    {
        var committing = await StartAsync();
        var gate = store.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Next(_ => throw new InvalidOperationException("bug"));
        var waiting = committing.CommitAsync(Update(1));
        await store.Asked.ReadAsync();
        var abandoned = committing.AbandonAsync();
        gate.SetResult();

        Assert.Equal(CommitStatus.ShuttingDown, (await waiting).Status);
        await Assert.ThrowsAsync<InvalidOperationException>(() => abandoned);
    }

    [Fact]
    public async Task StoreThrows_AnswersUnavailableAndGoesOn()
    {
        var committing = await StartAsync();
        store.Next(_ => throw new InvalidOperationException("bug"));
        Assert.Equal(CommitStatus.Unavailable, (await committing.CommitAsync(Update(1))).Status);
        while (committing.Queue.IsAway)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(CommitStatus.Stored, (await committing.CommitAsync(Update(1))).Status);
        await committing.StopAsync();
    }

    [Fact]
    public async Task HeadMovedBack_ResetsAndStoresUnderTheNewIdentity()
    {
        store.Seq = 40;
        var committing = await StartAsync(new HighWater([new("aaaaaaaa", 100)]));

        var reset = await committing.PublishedAsync(GatewayEventKinds.LogReset);
        var outcome = await committing.CommitAsync(Update(1));

        Assert.Equal(("resetone", 100 + Limits.Log.ResetJump), (reset.LogId, reset.Seq));
        Assert.Equal(reset.Seq + 1, outcome.Seq);
        Assert.Equal(new LogPosition("resetone", outcome.Seq), committing.HighWater.Current);
        await committing.StopAsync();
    }

    [Fact]
    public async Task HeadMovedBack_ToAnIdentityBeforeTheLastReset_IsNoticedToo()
    {
        store.Seq = 40;
        var committing = await StartAsync(new HighWater([new("aaaaaaaa", 100), new("bbbbbbbb", 2_000_000)]));
        var reset = await committing.PublishedAsync(GatewayEventKinds.LogReset);
        Assert.Equal("resetone", reset.LogId);
        // A consumer may hold a bare number of the log that is gone: it must not lie inside the new one.
        Assert.Equal(2_000_000 + Limits.Log.ResetJump, reset.Seq);
        await committing.StopAsync();
    }

    [Fact]
    public async Task RequestHeadCheck_CommitsAnEmptyBatchWithTheFloor()
    {
        var committing = await StartAsync();
        await committing.CommitAsync(Update(1));
        await store.Asked.ReadAsync();
        store.Seq = 0;
        committing.Queue.RequestHeadCheck();
        committing.Queue.RequestHeadCheck();

        Assert.Empty((await store.Asked.ReadAsync()).Items);
        Assert.Equal("resetone", (await committing.PublishedAsync(GatewayEventKinds.LogReset)).LogId);
        await committing.StopAsync();
        Assert.Contains(new LogPosition("aaaaaaaa", 1), store.Floors);
    }

    private async Task<CommitBatch> AdvanceUntilAskedAsync()
    {
        await time.TimerAsync();
        time.Advance(Limits.Log.BackoffMost);
        return await store.Asked.ReadAsync();
    }
}
