using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Log.MySql;

/// <summary>The log on MySQL or MariaDB, for any number of gateways at once, over connections of its own.</summary>
internal sealed class MySqlLogStore : ILogStore
{
    private readonly MySqlDatabase database;
    private readonly MySqlCommitter committer;
    private readonly MySqlLogReset reset;
    private readonly MySqlHistory history;
    private readonly MySqlRetention retention;
    private readonly ILogger logger;

    public MySqlLogStore(StorageUrl url, TimeProvider time, ILogger logger)
    {
        this.logger = logger;
        database = new MySqlDatabase(url);
        committer = new MySqlCommitter(database, time, logger);
        reset = new MySqlLogReset(database, time);
        history = new MySqlHistory(database);
        retention = new MySqlRetention(database);
        Messages = new MySqlMessageStore(database, logger);
    }

    /// <summary>The messages of the same database; lives as long as this.</summary>
    public IMessageStore Messages { get; }

    public ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor) => committer.CommitAsync(batch, floor);

    public async ValueTask<LogEvent?> ResetAsync(LogPosition floor)
    {
        try
        {
            return await reset.ResetAsync(floor);
        }
        catch (Exception e) when (MySqlErrors.IsOfDatabase(e))
        {
            MySqlLog.CommitFailed(logger, BatchOutcome.Unavailable, e.Message);
            return null;
        }
    }

    public async ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation)
    {
        try
        {
            return await history.ReadHeadAsync(cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            MySqlLog.ReadFailed(logger, "head", e.Message);
            return null;
        }
    }

    public async ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation)
    {
        try
        {
            return await history.ReadPageAsync(query, cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            MySqlLog.ReadFailed(logger, "page", e.Message);
            return null;
        }
    }

    public async ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation)
    {
        try
        {
            return await history.FindSeqBeforeAsync(unixMs, cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            MySqlLog.ReadFailed(logger, "time", e.Message);
            return null;
        }
    }

    public async ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation)
    {
        try
        {
            return await retention.DeleteAsync(botId, beforeUnixMs, maxRows, cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            MySqlLog.DeleteFailed(logger, botId, e.Message);
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await committer.DisposeAsync();
        await database.DisposeAsync();
    }

    private static bool IsAway(Exception error, CancellationToken cancellation) =>
        MySqlErrors.IsOfDatabase(error) && !cancellation.IsCancellationRequested;
}
