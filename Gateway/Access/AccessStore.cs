using System.Collections.Frozen;
using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>
/// Reads keys, grants and the control version. Every call answers null when the database does not answer in
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

    /// <summary>The keys among the ids that exist.</summary>
    public Task<IReadOnlyList<KeyRow>?> ReadKeysAsync(ReadOnlyMemory<long> ids, CancellationToken cancellation) =>
        BoundedAsync<IReadOnlyList<KeyRow>>(
            async (connection, token) =>
            {
                await using var command = connection.CreateCommand();
                command.CommandText =
                    $"SELECT id, name, hash, is_admin, expires_at_ms, revoked_at_ms FROM api_keys WHERE id IN ({List(ids.Span)})";
                var rows = new List<KeyRow>(ids.Length);
                await using var reader = await command.ExecuteReaderAsync(token);
                while (await reader.ReadAsync(token))
                {
                    rows.Add(new KeyRow(
                        reader.GetInt64(0),
                        reader.GetString(1),
                        reader.GetString(2),
                        reader.GetInt64(3) != 0,
                        reader.IsDBNull(4) ? long.MaxValue : reader.GetInt64(4),
                        !reader.IsDBNull(5)));
                }

                return rows;
            },
            cancellation);

    /// <summary>What each of the keys may read; a key that is missing in the answer may read nothing.</summary>
    public Task<Dictionary<long, Grants>?> ReadGrantsAsync(IReadOnlyCollection<KeyRow> keys, CancellationToken cancellation) =>
        BoundedAsync<Dictionary<long, Grants>>(
            async (connection, token) =>
            {
                if (keys.Count == 0)
                {
                    // IN () is no SQL.
                    return [];
                }

                await using var command = connection.CreateCommand();
                var ids = keys.Select(key => key.Id).ToArray();
                command.CommandText = $"SELECT key_id, chat_id, bot_id FROM grants WHERE can_read <> 0 AND key_id IN ({List(ids)})";
                var found = new Dictionary<long, (List<long> Chats, List<long> Bots)>();
                await using var reader = await command.ExecuteReaderAsync(token);
                while (await reader.ReadAsync(token))
                {
                    if (!found.TryGetValue(reader.GetInt64(0), out var lists))
                    {
                        found[reader.GetInt64(0)] = lists = ([], []);
                    }

                    if (reader.IsDBNull(1))
                    {
                        lists.Bots.Add(reader.GetInt64(2));
                    }
                    else
                    {
                        lists.Chats.Add(reader.GetInt64(1));
                    }
                }

                return keys.ToDictionary(
                    key => key.Id,
                    key => found.TryGetValue(key.Id, out var lists)
                        ? new Grants(key.IsAdmin, lists.Chats.ToFrozenSet(), lists.Bots.ToFrozenSet())
                        : new Grants(key.IsAdmin, FrozenSet<long>.Empty, FrozenSet<long>.Empty));
            },
            cancellation);

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

    private static string List(ReadOnlySpan<long> ids)
    {
        // Numbers, not text: nothing to escape, and a list of parameters would need one per id.
        var list = new System.Text.StringBuilder(ids.Length * 4);
        foreach (var id in ids)
        {
            list.Append(list.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{id}");
        }

        return list.ToString();
    }
}
