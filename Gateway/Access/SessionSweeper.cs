using System.Data.Common;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging;

namespace Gateway.Access;

/// <summary>Deletes what time has ended: tickets, refresh tokens and sessions; and lets go of access tokens that this process remembers in vain.</summary>
internal sealed class SessionSweeper(IDatabase database, AccessControl access, TimeProvider time, ILogger logger)
{
    // Through a derived table: MySQL takes no LIMIT in a subquery of IN, and SQLite none in a DELETE.
    private static readonly string[] Statements =
    [
        $"DELETE FROM tickets WHERE hash IN (SELECT hash FROM (SELECT hash FROM tickets WHERE expires_at_ms <= @now LIMIT {Limits.Access.SweepRows}) AS due)",
        $"DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM (SELECT hash FROM refresh_tokens WHERE expires_at_ms <= @now LIMIT {Limits.Access.SweepRows}) AS due)",
        // Revoked ones too only when their time is over: until then the sessions that the audit log names can be looked up.
        $"DELETE FROM sessions WHERE id IN (SELECT id FROM (SELECT id FROM sessions WHERE expires_at_ms <= @now LIMIT {Limits.Access.SweepRows}) AS due)",
    ];

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(Limits.Access.SweepInterval, time, cancellation);
            access.ForgetEnded();
            try
            {
                await SweepAsync(cancellation);
            }
            catch (DbException e)
            {
                AccessLog.SweepFailed(logger, e.Message);
            }
        }
    }

    /// <summary>Answers how many rows went.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var all = 0;
        foreach (var statement in Statements)
        {
            int deleted;
            do
            {
                // One short transaction each, so that commits come between.
                deleted = await ControlTransaction.RunQuietAsync(database, commands => commands.ExecuteAsync(statement, ("@now", nowMs)), cancellation);
                all += deleted;
            }
            while (deleted == Limits.Access.SweepRows);
        }

        return all;
    }
}
