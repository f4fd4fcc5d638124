using System.Data.Common;
using System.Net.Sockets;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>
/// Reads keys, what principals may do, and the control version. Every call answers null when the database does not answer in
/// <see cref="Limits.Access.ReadTimeout"/>: then the state is unknown, which is never the same as "no such key".
/// </summary>
internal sealed class AccessStore(IDatabase database, TimeProvider time)
{
    public Task<ControlStamp?> ReadStampAsync(CancellationToken cancellation) =>
        BoundedAsync<ControlStamp?>(
            async (connection, token) =>
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "SELECT v.version, h.log_id, h.seq FROM control_version v CROSS JOIN log_head h WHERE v.id = 1 AND h.id = 1";
                await using var reader = await command.ExecuteReaderAsync(token);
                return await reader.ReadAsync(token) ? new ControlStamp(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2)) : null;
            },
            cancellation);

    /// <summary>What a presented key is held against; a list of none when there is no such key.</summary>
    public Task<IReadOnlyList<KeyRow>?> ReadKeyAsync(long id, CancellationToken cancellation) =>
        BoundedAsync<IReadOnlyList<KeyRow>>(
            async (connection, token) =>
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "SELECT hash, expires_at_ms, revoked_at_ms FROM api_keys WHERE id = @id";
                command.AddParameter("@id", id);
                await using var reader = await command.ExecuteReaderAsync(token);
                return await reader.ReadAsync(token)
                    ? [new KeyRow(reader.GetString(0), reader.IsDBNull(1) ? long.MaxValue : reader.GetInt64(1), !reader.IsDBNull(2))]
                    : [];
            },
            cancellation);

    /// <summary>Takes a ticket away and answers what it said; a list of none when it is unknown, used or expired. Of two who come with it one gets it.</summary>
    public Task<IReadOnlyList<TicketRow>?> TakeTicketAsync(byte[] hash, long nowMs, CancellationToken cancellation) =>
        BoundedAsync<IReadOnlyList<TicketRow>>(
            async (connection, token) =>
            {
                TicketRow? ticket = null;
                await using (var find = connection.CreateCommand())
                {
                    find.CommandText =
                        "SELECT principal_kind, principal_id, session_id, principal_expires_at_ms FROM tickets WHERE hash = @hash AND expires_at_ms > @now";
                    find.AddParameter("@hash", hash);
                    find.AddParameter("@now", nowMs);
                    await using var row = await find.ExecuteReaderAsync(token);
                    if (await row.ReadAsync(token))
                        ticket = new TicketRow(new PrincipalId((PrincipalKind)row.GetInt64(0), row.GetInt64(1)), row.GetInt64(2), row.GetInt64(3));
                }

                if (ticket is null) return [];
                await using var take = connection.CreateCommand();
                take.CommandText = "DELETE FROM tickets WHERE hash = @hash";
                take.AddParameter("@hash", hash);
                return await take.ExecuteNonQueryAsync(token) == 1 ? [ticket] : [];
            },
            cancellation);

    /// <summary>What the credentials may do now; one that is missing in the answer is no longer there.</summary>
    public Task<Dictionary<Identity, PrincipalState>?> ReadStatesAsync(ReadOnlyMemory<Identity> identities, CancellationToken cancellation) =>
        BoundedAsync((connection, token) => new PrincipalReader(connection, token).ReadAsync(identities), cancellation);

    /// <summary>
    /// The wait is bounded here and not by the driver: a peer that was frozen or black-holed keeps a driver's cancellation waiting for seconds.
    /// The read that was given up ends by itself, with its connection, in the background.
    /// </summary>
    private async Task<T?> BoundedAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // On the pool: SQLite's driver answers on the calling thread, which may be one that serves requests.
        var reading = Task.Run(() => ReadAsync(read, bound.Token), CancellationToken.None);
        try
        {
            return await reading.WaitAsync(Limits.Access.ReadTimeout, time, cancellation);
        }
        catch (Exception e) when (IsDatabaseAway(e) && !cancellation.IsCancellationRequested)
        {
            await bound.CancelAsync();
            // Observed, so that its late failure is not reported as an unhandled one.
            _ = reading.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return default;
        }
    }

    private async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await read(connection, cancellation);
    }

    private static bool IsDatabaseAway(Exception e) =>
        e is DbException or TimeoutException or IOException or SocketException or OperationCanceledException;
}
