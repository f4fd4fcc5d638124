using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging;

namespace Gateway.Access;

/// <summary>
/// Deletes lines of the audit log that are older than it is kept, in small transactions with pauses: on SQLite a long one would keep the commit
/// of events waiting. Several replicas may do it at once; what is gone is gone.
/// </summary>
internal sealed class AuditRetention(IDatabase database, TimeSpan keep, TimeProvider time, ILogger logger)
{
    // MySQL takes no LIMIT in IN (…) and SQLite none in DELETE; both take it in a table of its own.
    private const string Delete =
        "DELETE FROM audit_log WHERE id IN (SELECT id FROM (SELECT id FROM audit_log WHERE at_ms < @before ORDER BY at_ms, id LIMIT @step) AS expired)";

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await Task.Delay(Limits.Access.AuditRetentionInterval, time, stop);
                await SweepAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                AccessLog.AuditRetentionStopped(logger);
                return;
            }
            catch (Exception e)
            {
                // The loop's boundary: also DbException, when the database is away. The next turn tries again.
                AccessLog.AuditRetentionFailed(logger, e);
            }
        }
    }

    /// <summary>One turn; answers how many lines went.</summary>
    public async Task<long> SweepAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow().ToUnixTimeMilliseconds() - (long)keep.TotalMilliseconds;
        for (long total = 0; ;)
        {
            var deleted = await StepAsync(before, cancellation);
            total += deleted;
            if (deleted < Limits.Access.AuditStep)
            {
                if (total > 0) AccessLog.AuditExpired(logger, total);
                return total;
            }

            await Task.Delay(Limits.Access.AuditPause, time, cancellation);
        }
    }

    private async Task<int> StepAsync(long before, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await database.BeginWriteAsync(connection, cancellation);
        var deleted = await new ControlCommands(database, connection, transaction).ExecuteAsync(Delete, ("@before", before), ("@step", Limits.Access.AuditStep));
        await transaction.CommitAsync(cancellation);
        return deleted;
    }
}
