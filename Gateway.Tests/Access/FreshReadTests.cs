using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Tests.Access;

/// <summary>Reads of the control version that somebody waits for: shared, never older than the question, and no more of them than allowed.</summary>
public sealed class FreshReadTests
{
    [Fact]
    public async Task FreshRead_OfManyAtOnce_IsOneRead()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var waiting = Enumerable.Range(0, 100).Select(_ => fixture.Watcher.ReadFreshAsync()).ToArray();
        fixture.Database.Opens = 0;

        Assert.True(await fixture.PollAsync());

        Assert.All(await Task.WhenAll(waiting), Assert.True);
        Assert.Equal(1, fixture.Database.Opens);
    }

    /// <summary>A read on its way may have passed the row before it was written.</summary>
    [Fact]
    public async Task FreshRead_AskedForDuringARead_IsTheNextOne()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (opened, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.Database.BeforeOpen = _ =>
        {
            opened.TrySetResult();
            return goOn.Task;
        };
        var onItsWay = fixture.PollAsync();
        await opened.Task;
        var fresh = fixture.Watcher.ReadFreshAsync();
        goOn.SetResult();
        Assert.True(await onItsWay);
        Assert.False(fresh.IsCompleted);

        Assert.True(await fixture.PollAsync());
        Assert.True(await fresh);
    }

    [Fact]
    public async Task FreshRead_WithTheDatabaseAway_IsNoAnswer()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var fresh = fixture.Watcher.ReadFreshAsync();
        fixture.Database.IsAway = true;
        Assert.False(await fixture.PollAsync());
        Assert.False(await fresh);
    }

    [Fact]
    public async Task FreshRead_ThatNeverComes_IsGivenUp()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var fresh = fixture.Watcher.ReadFreshAsync();
        fixture.Time.Advance(Limits.Access.FreshReadWait - TimeSpan.FromMilliseconds(1));
        Assert.False(fresh.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(await fresh);
    }

    [Fact]
    public async Task FreshRead_MoreWaitersThanMayWait_AreAnsweredAtOnce()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var waiting = Enumerable.Range(0, Limits.Access.FreshReadWaiters).Select(_ => fixture.Watcher.ReadFreshAsync()).ToArray();
        Assert.DoesNotContain(waiting, each => each.IsCompleted);
        var over = fixture.Watcher.ReadFreshAsync();
        Assert.True(over.IsCompleted);
        Assert.False(await over);

        await fixture.PollAsync();
        Assert.All(await Task.WhenAll(waiting), Assert.True);
        var next = fixture.Watcher.ReadFreshAsync();
        Assert.False(next.IsCompleted);
        await fixture.PollAsync();
        Assert.True(await next);
    }

    /// <summary>Whatever is asked, the database sees one read per pause; and each question has its answer without waiting for the regular poll.</summary>
    [Fact]
    public async Task FreshReads_AskedForWithoutEnd_KeepTheirPause()
    {
        const int Questions = 40;
        await using var fixture = await AccessFixture.CreateAsync();
        fixture.Database.Opens = 0;
        var start = fixture.Time.GetUtcNow();
        await using var loop = new WatcherLoop(fixture.Watcher);
        for (var question = 0; question < Questions; question++)
        {
            var fresh = fixture.Watcher.ReadFreshAsync();
            while (!fresh.IsCompleted)
            {
                fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
                // No faster than the time of the machine: a read that is slow there would be given up by this clock.
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }

            Assert.True(await fresh);
        }

        var reads = fixture.Database.Opens;
        Assert.InRange(reads, Questions, int.MaxValue);
        Assert.True((reads - 1) * Limits.Access.FreshReadPause <= fixture.Time.GetUtcNow() - start, $"{reads} reads");
    }

    [Fact]
    public async Task FreshRead_AskedForBetweenTwoPolls_DoesNotWaitForTheNext()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await using var loop = new WatcherLoop(fixture.Watcher);
        var first = fixture.Watcher.ReadFreshAsync();
        // The loop's first read may have begun before or after the question.
        while (!first.IsCompleted)
        {
            fixture.Time.Advance(Limits.Access.FreshReadPause);
            await Task.Yield();
        }

        fixture.Time.Advance(Limits.Access.FreshReadPause);
        // The clock stands still now: only the question can bring the read.
        Assert.True(await fixture.Watcher.ReadFreshAsync().WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task FreshRead_AfterTheLoopEnded_IsNoAnswer()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await new WatcherLoop(fixture.Watcher).DisposeAsync();
        Assert.False(await fixture.Watcher.ReadFreshAsync().WaitAsync(TimeSpan.FromSeconds(20)));
    }
}
