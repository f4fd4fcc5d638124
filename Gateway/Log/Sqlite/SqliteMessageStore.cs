namespace Gateway.Log.Sqlite;

/// <summary>Messages and their index in the embedded database, on the log store's threads.</summary>
internal sealed class SqliteMessageStore(
    SqliteWorkers<SqliteLogWriter> writers, SqliteWorkers<SqliteLogReader> readers, Action<SqliteFault> tell) : IMessageStore
{
    public ValueTask<MessagePage?> ReadAsync(MessageQuery query, CancellationToken cancellation) =>
        new(readers.RunAsync(reader => (MessagePage?)reader.Messages.Read(query), Refused<MessagePage?>, cancellation));

    public ValueTask<MessagePage?> FindAsync(long messageId, CancellationToken cancellation) =>
        new(readers.RunAsync(reader => (MessagePage?)reader.Messages.Find(messageId), Refused<MessagePage?>, cancellation));

    public ValueTask<UnindexedTexts?> ReadUnindexedAsync(CancellationToken cancellation) =>
        new(readers.RunAsync(static reader => (UnindexedTexts?)reader.Messages.ReadUnindexed(), Refused<UnindexedTexts?>, cancellation));

    public ValueTask<bool?> WriteIndexAsync(IndexStep step, CancellationToken cancellation) =>
        new(writers.RunAsync(writer => (bool?)writer.WriteIndex(step), Refused<bool?>, cancellation));

    private T? Refused<T>(SqliteFault fault)
    {
        tell(fault);
        return default;
    }
}
