using Gateway.Storage;

namespace Gateway.Log.MySql;

/// <summary>Messages and their index on MySQL or MariaDB, through the log store's pool.</summary>
internal sealed class MySqlMessageStore(MySqlDatabase database, ILogger logger) : IMessageStore
{
    private readonly MySqlMessageReader reader = new(database);
    private readonly MySqlSearchIndex index = new(database);

    public ValueTask<MessagePage?> ReadAsync(MessageQuery query, CancellationToken cancellation) =>
        AnswerAsync("messages", async () => (MessagePage?)await reader.ReadAsync(query, cancellation), cancellation);

    public ValueTask<MessagePage?> FindAsync(long messageId, CancellationToken cancellation) =>
        AnswerAsync("message", async () => (MessagePage?)await reader.FindAsync(messageId, cancellation), cancellation);

    public ValueTask<UnindexedTexts?> ReadUnindexedAsync(CancellationToken cancellation) =>
        AnswerAsync("texts", () => index.ReadUnindexedAsync(cancellation), cancellation);

    public ValueTask<bool?> WriteIndexAsync(IndexStep step, CancellationToken cancellation) =>
        AnswerAsync("index", async () => (bool?)await index.WriteAsync(step, cancellation), cancellation);

    private async ValueTask<T?> AnswerAsync<T>(string call, Func<Task<T?>> ask, CancellationToken cancellation)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (MySqlErrors.IsOfDatabase(e) && !cancellation.IsCancellationRequested)
        {
            MySqlLog.ReadFailed(logger, call, e.Message);
            return default;
        }
    }
}
