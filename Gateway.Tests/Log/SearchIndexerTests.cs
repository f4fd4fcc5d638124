using System.Threading.Channels;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Log;

/// <summary>When the indexer works and when it rests.</summary>
public sealed class SearchIndexerTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new();
    private readonly ScriptedMessages store = new();
    private readonly RecordedLog<SearchIndexer> log = new();
    private readonly CancellationTokenSource stop = new();
    private SearchIndexer indexer = null!;
    private Task running = null!;

    public Task InitializeAsync()
    {
        store.Time = time;
        indexer = new(store, time, log);
        running = indexer.RunAsync(stop.Token);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    [Fact]
    public async Task Linger_AfterACommit_IsWaitedOnceForManyCommits()
    {
        await store.LookedAsync();
        store.Head = 3;
        for (var commit = 0; commit < 3; commit++) indexer.Wake();
        await AdvanceUntilLookAsync(Limits.Search.Linger);
        Assert.Equal(3, await store.WrittenAsync());
    }

    [Fact]
    public async Task Poll_WithoutAWake_FindsAnotherProcessesCommits()
    {
        await store.LookedAsync();
        store.Head = 7;
        await AdvanceUntilLookAsync(Limits.Search.Poll + Limits.Search.Linger);
        Assert.Equal(7, await store.WrittenAsync());
    }

    [Fact]
    public async Task RestFactor_AfterAStep_HoldsTheNextOneBack()
    {
        await store.LookedAsync();
        store.StepTime = TimeSpan.FromMilliseconds(40);
        store.Head = 2;
        store.StepSeqs = 1;
        indexer.Wake();
        await AdvanceUntilLookAsync(Limits.Search.Linger);
        Assert.Equal(1, await store.WrittenAsync());
        // The step took 40 ms, so 360 are rest.
        time.Advance(store.StepTime * Limits.Search.RestFactor - TimeSpan.FromMilliseconds(1));
        Assert.False(store.HasLooked);
        await AdvanceUntilLookAsync(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, await store.WrittenAsync());
    }

    [Fact]
    public async Task BackoffMost_DatabaseAway_IsToldOnceAndIndexedWhenItIsBack()
    {
        await store.LookedAsync();
        store.IsAway = true;
        store.Head = 4;
        indexer.Wake();
        await AdvanceUntilLookAsync(Limits.Search.Linger);
        for (var look = 0; look < 10; look++) await AdvanceUntilLookAsync(Limits.Search.BackoffMost);
        store.IsAway = false;
        await AdvanceUntilLookAsync(Limits.Search.BackoffMost);
        Assert.Equal(4, await store.WrittenAsync());
        await AdvanceUntilLookAsync(Limits.Search.Poll + Limits.Search.Linger);
        Assert.Equal(2, log.Lines.Count);
        Assert.Contains("does not answer", log.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_UnknownError_IsLoggedAndSurvived()
    {
        await store.LookedAsync();
        store.Error = new InvalidOperationException("broken");
        store.Head = 4;
        indexer.Wake();
        await AdvanceUntilLookAsync(Limits.Search.Linger);
        store.Error = null;
        await AdvanceUntilLookAsync(Limits.Search.BackoffMost);
        Assert.Equal(4, await store.WrittenAsync());
    }

    // The loop sets its timer some time after its last look: advanced until it has woken.
    private async Task AdvanceUntilLookAsync(TimeSpan by)
    {
        time.Advance(by);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!store.HasLooked)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
            time.Advance(TimeSpan.FromMicroseconds(10));
        }

        await store.LookedAsync();
    }

    private sealed class ScriptedMessages : IMessageStore
    {
        private readonly Channel<bool> looks = Channel.CreateUnbounded<bool>();
        private readonly Channel<long> writes = Channel.CreateUnbounded<long>();
        private long cursor;

        public FakeTimeProvider Time { get; set; } = null!;
        public long Head { get; set; }
        public long StepSeqs { get; set; } = 100;
        public bool IsAway { get; set; }
        public Exception? Error { get; set; }
        public TimeSpan StepTime { get; set; }
        public bool HasLooked => looks.Reader.Count > 0;

        public ValueTask<bool> LookedAsync() => looks.Reader.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);

        public ValueTask<long> WrittenAsync() => writes.Reader.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);

        public ValueTask<UnindexedTexts?> ReadUnindexedAsync(CancellationToken cancellation)
        {
            looks.Writer.TryWrite(true);
            if (Error is not null) throw Error;
            return new(IsAway ? null : new UnindexedTexts(cursor, Math.Min(Head, cursor + StepSeqs), Head, []));
        }

        public ValueTask<bool?> WriteIndexAsync(IndexStep step, CancellationToken cancellation)
        {
            Time.Advance(StepTime);
            cursor = step.ThroughSeq;
            writes.Writer.TryWrite(cursor);
            return new(true);
        }

        public ValueTask<MessagePage?> ReadAsync(MessageQuery query, CancellationToken cancellation) => new((MessagePage?)null);

        public ValueTask<MessagePage?> FindAsync(long messageId, CancellationToken cancellation) => new((MessagePage?)null);
    }
}
