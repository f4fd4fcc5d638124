using Gateway.Messages;

namespace Gateway.Log.Sqlite;

/// <summary>The log in the embedded database: one writer thread, a few reader threads, statements straight through SQLite's C interface.</summary>
internal sealed class SqliteLogStore : ILogStore
{
    private readonly SqliteWorkers<SqliteLogWriter> _writer;
    private readonly SqliteWorkers<SqliteLogReader> _readers;
    private readonly SqliteCheckpointer _checkpointer;

    public SqliteLogStore(string path, TimeProvider time)
    {
        SQLitePCL.Batteries_V2.Init();
        _checkpointer = new(path);
        _writer = new("log writer", 1, Limits.Log.StoreRequests, () => new SqliteLogWriter(path, _checkpointer, time));
        _readers = new("log reader", Limits.Log.ReaderThreads, Limits.Log.StoreRequests, () => new SqliteLogReader(path));
    }

    public ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor) =>
        new(_writer.RunAsync(writer => writer.Commit(batch, floor), static fault => fault.Outcome, CancellationToken.None));

    public ValueTask<LogEvent?> ResetAsync(LogPosition floor) =>
        new(_writer.RunAsync(writer => writer.Reset(floor), static _ => null, CancellationToken.None));

    public ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation) =>
        new(_writer.RunAsync(writer => (int?)writer.DeleteExpired(botId, beforeUnixMs, maxRows), static _ => null, cancellation));

    public ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation) =>
        new(_readers.RunAsync(static reader => (LogHead?)reader.ReadHead(), static _ => null, cancellation));

    public ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation) =>
        new(_readers.RunAsync(reader => (LogPage?)reader.ReadPage(query), static _ => null, cancellation));

    public ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation) =>
        new(_readers.RunAsync(reader => (long?)reader.FindSeqBefore(unixMs), static _ => null, cancellation));

    public async ValueTask DisposeAsync()
    {
        await _readers.DisposeAsync();
        await _writer.DisposeAsync();
        await _checkpointer.DisposeAsync();
    }
}
