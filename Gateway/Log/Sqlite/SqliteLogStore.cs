using Gateway.Messages;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Log.Sqlite;

/// <summary>The log in the embedded database: one writer thread, a few reader threads, statements straight through SQLite's C interface.</summary>
internal sealed class SqliteLogStore : ILogStore
{
    private readonly SqliteWorkers<SqliteLogWriter> writer;
    private readonly SqliteWorkers<SqliteLogReader> readers;
    private readonly SqliteCheckpointer checkpointer;
    private readonly ILogger logger;
    private readonly Func<SqliteFault, BatchOutcome> refuse;
    private string? told;

    public SqliteLogStore(string path, TimeProvider time, ILogger? logger = null, int chatTailRows = Limits.Log.ChatTailRows)
    {
        this.logger = logger ?? NullLogger.Instance;
        refuse = fault => Tell(fault).Outcome;
        SQLitePCL.Batteries_V2.Init();
        checkpointer = new(path);
        writer = new("log writer", 1, Limits.Log.StoreRequests, () => new SqliteLogWriter(path, checkpointer, time, chatTailRows));
        readers = new("log reader", Limits.Log.ReaderThreads, Limits.Log.StoreRequests, () => new SqliteLogReader(path));
        Messages = new SqliteMessageStore(writer, readers, fault => Tell(fault));
    }

    /// <summary>The messages of the same database; lives as long as this.</summary>
    public IMessageStore Messages { get; }

    public ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor) =>
        new(this.writer.RunAsync(writer => Settled(writer.Commit(batch, floor)), refuse, CancellationToken.None, isInline: true));

    public ValueTask<LogEvent?> ResetAsync(LogPosition floor) =>
        new(this.writer.RunAsync(writer => writer.Reset(floor), fault => Tell(fault, (LogEvent?)null), CancellationToken.None));

    public ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation) =>
        new(this.writer.RunAsync(writer => (int?)writer.DeleteExpired(botId, beforeUnixMs, maxRows), fault => Tell(fault, (int?)null), cancellation));

    public ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation) =>
        new(readers.RunAsync(static reader => (LogHead?)reader.ReadHead(), fault => Tell(fault, (LogHead?)null), cancellation));

    public ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation) =>
        new(readers.RunAsync(reader => (LogPage?)reader.ReadPage(query), fault => Tell(fault, (LogPage?)null), cancellation));

    public ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation) =>
        new(readers.RunAsync(reader => (long?)reader.FindSeqBefore(unixMs), fault => Tell(fault, (long?)null), cancellation));

    /// <summary>Once for each new reason until a commit succeeds: a full disk is met several times a second while it lasts.</summary>
    private SqliteFault Tell(SqliteFault fault)
    {
        if (Interlocked.Exchange(ref told, fault.Message) != fault.Message) SqliteLog.Fault(logger, fault.Message);
        return fault;
    }

    private T Tell<T>(SqliteFault fault, T answer)
    {
        Tell(fault);
        return answer;
    }

    private BatchOutcome Settled(BatchOutcome outcome)
    {
        if (outcome == BatchOutcome.Committed && told is not null) told = null;
        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        await readers.DisposeAsync();
        await writer.DisposeAsync();
        await checkpointer.DisposeAsync();
    }
}
