using Gateway.Log;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class CatchUpReaderTests
{
    [Fact]
    public async Task Reads_ThatCanNeverSucceed_DoNotKeepTheReadersFromOthers()
    {
        await using var hub = await HubHarness.StartAsync(history: 5, wrap: store => new PoisonedStore(store));
        for (var i = 0; i < Limits.Deliver.CatchUpReaders * 2; i++)
        {
            // Chosen chats: a read of its own for each.
            await hub.SubscribedAsync("""{"id":"never","chat_id":1,"after":0}""");
        }

        var good = await hub.SubscribedAsync("""{"id":"a","all":true,"after":1}""");
        var deadline = Environment.TickCount64 + 20_000;
        while (good.Actions("caught_up").Length == 0)
        {
            Assert.True(Environment.TickCount64 < deadline, "its page was never read");
            hub.Time.Advance(Limits.Deliver.ReadRetry);
            await hub.SettleAsync();
        }

        Assert.Equal([2, 3, 4, 5], good.Replayed("a"));
    }

    /// <summary>Pages from the start of the log cannot be read: a bug, not a database that is away.</summary>
    private sealed class PoisonedStore(ILogStore inner) : ILogStore
    {
        public ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation) =>
            query.AfterSeq == 0 ? throw new InvalidDataException("a row that cannot be read") : inner.ReadPageAsync(query, cancellation);

        public ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor) => inner.CommitAsync(batch, floor);

        public ValueTask<LogEvent?> ResetAsync(LogPosition floor) => inner.ResetAsync(floor);

        public ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation) => inner.ReadHeadAsync(cancellation);

        public ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation) => inner.FindSeqBeforeAsync(unixMs, cancellation);

        public ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation) =>
            inner.DeleteExpiredAsync(botId, beforeUnixMs, maxRows, cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
