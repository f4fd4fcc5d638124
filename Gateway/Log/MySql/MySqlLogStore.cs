using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Log.MySql;

/// <summary>The log on MySQL or MariaDB, for any number of gateways at once, over connections of its own.</summary>
internal sealed class MySqlLogStore : ILogStore
{
    private readonly MySqlDatabase _database;
    private readonly MySqlCommitter _committer;
    private readonly MySqlLogReset _reset;
    private readonly MySqlHistory _history;
    private readonly MySqlRetention _retention;
    private readonly ILogger _logger;

    public MySqlLogStore(StorageUrl url, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _database = new MySqlDatabase(url);
        _committer = new MySqlCommitter(_database, time, logger);
        _reset = new MySqlLogReset(_database, time);
        _history = new MySqlHistory(_database);
        _retention = new MySqlRetention(_database);
    }

    public ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor) => _committer.CommitAsync(batch, floor);

    public async ValueTask<LogEvent?> ResetAsync(LogPosition floor)
    {
        try
        {
            return await _reset.ResetAsync(floor);
        }
        catch (Exception e) when (MySqlErrors.IsOfDatabase(e))
        {
            MySqlLog.CommitFailed(_logger, BatchOutcome.Unavailable, e.Message);
            return null;
        }
    }

    public async ValueTask<LogHead?> ReadHeadAsync(CancellationToken cancellation)
    {
        try
        {
            return await _history.ReadHeadAsync(cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            MySqlLog.ReadFailed(_logger, "head", e.Message);
            return null;
        }
    }

    public async ValueTask<LogPage?> ReadPageAsync(LogQuery query, CancellationToken cancellation)
    {
        try
        {
            return await _history.ReadPageAsync(query, cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            MySqlLog.ReadFailed(_logger, "page", e.Message);
            return null;
        }
    }

    public async ValueTask<long?> FindSeqBeforeAsync(long unixMs, CancellationToken cancellation)
    {
        try
        {
            return await _history.FindSeqBeforeAsync(unixMs, cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            MySqlLog.ReadFailed(_logger, "time", e.Message);
            return null;
        }
    }

    public async ValueTask<int?> DeleteExpiredAsync(long botId, long beforeUnixMs, int maxRows, CancellationToken cancellation)
    {
        try
        {
            return await _retention.DeleteAsync(botId, beforeUnixMs, maxRows, cancellation);
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            MySqlLog.DeleteFailed(_logger, botId, e.Message);
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static bool IsAway(Exception error, CancellationToken cancellation) =>
        MySqlErrors.IsOfDatabase(error) && !cancellation.IsCancellationRequested;
}
