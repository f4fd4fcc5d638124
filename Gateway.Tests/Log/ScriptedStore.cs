using System.Threading.Channels;
using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Tests.Log;

/// <summary>A log in memory whose next commits fail as the test says. The real engines have the suite; this one is for the committer.</summary>
internal sealed class ScriptedStore : ILogStore
{
    private readonly Dictionary<(long, string), long> keys = [];
    private readonly Channel<CommitBatch> asked = Channel.CreateUnbounded<CommitBatch>();
    private readonly Queue<Func<CommitBatch, BatchOutcome>> script = new();

    public string LogId { get; set; } = "aaaaaaaa";
    public long Seq { get; set; }
    public bool IsAway { get; set; }

    /// <summary>While set, commits wait for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public List<LogPosition> Floors { get; } = [];

    /// <summary>Every batch that was given, in order, with the failed tries.</summary>
    public ChannelReader<CommitBatch> Asked => asked.Reader;

    public void Next(params BatchOutcome[] outcomes)
    {
        foreach (var outcome in outcomes) script.Enqueue(_ => outcome);
    }

    public void Next(Func<CommitBatch, BatchOutcome> outcome) => script.Enqueue(outcome);

    /// <summary>Writes as a store does.</summary>
    public BatchOutcome Write(CommitBatch batch)
    {
        foreach (var item in batch.Items)
        {
            item.Status = keys.TryGetValue((item.Update.BotId, item.DedupKey), out var seq) ? CommitStatus.Duplicate : CommitStatus.Stored;
            item.Seq = item.Status == CommitStatus.Stored ? ++Seq : seq;
            keys[(item.Update.BotId, item.DedupKey)] = item.Seq;
        }

        batch.Head = new LogHead(LogId, Seq, 1);
        return BatchOutcome.Committed;
    }

    public async ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor)
    {
        Floors.Add(floor);
        asked.Writer.TryWrite(batch);
        if (Gate is { } gate) await gate.Task;
        if (script.TryDequeue(out var scripted)) return scripted(batch);
        if (IsAway) return BatchOutcome.Unavailable;
        return floor.LogId == LogId && Seq < floor.Seq ? BatchOutcome.HeadMovedBack : Write(batch);
    }

    public ValueTask<LogEvent?> ResetAsync(LogPosition floor)
    {
        LogId = "reset" + (floor.LogId == "aaaaaaaa" ? "one" : "two");
        Seq = floor.Seq + Limits.Log.ResetJump;
        var facts = new UpdateFacts { Kind = GatewayEventKinds.LogReset };
        return ValueTask.FromResult<LogEvent?>(new LogEvent(LogId, Seq, 0, facts.Kind, [], facts));
    }

    public ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation) =>
        ValueTask.FromResult<LogHead?>(IsAway ? null : new LogHead(LogId, Seq, 1));

    public ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation) =>
        ValueTask.FromResult(IsAway ? null : new LogPage(new LogHead(LogId, Seq, 1), [], Seq, []));

    public ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
