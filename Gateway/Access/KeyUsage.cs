using System.Collections.Concurrent;
using System.Data.Common;
using System.Net.Sockets;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging;

namespace Gateway.Access;

/// <summary>
/// When each API key was last used, written behind the calls: one transaction every few seconds for all of them. It is no control data, so the
/// control version stays, or every call of any key would have every replica load its grants again. A database that is away costs the stamps that
/// do not fit here meanwhile and nothing else.
/// </summary>
internal sealed class KeyUsage(IDatabase database, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<long, long> pending = new();
    private int count;
    private bool isAway;

    /// <summary>Called at most once a second for each key; see <see cref="RateLimiter"/>.</summary>
    public void Note(long keyId, long usedAtMs)
    {
        if (pending.TryGetValue(keyId, out var earlier))
        {
            // Another thread's later time may be lost to ours: they lie milliseconds apart.
            pending.TryUpdate(keyId, Math.Max(usedAtMs, earlier), earlier);
        }
        else if (Volatile.Read(ref count) < Limits.Access.KeyUsageStamps && pending.TryAdd(keyId, usedAtMs))
        {
            Interlocked.Increment(ref count);
        }
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await Task.Delay(Limits.Access.KeyUsageFlush, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // At the end once more, and not for longer than the end of a stage may take.
            await FlushAsync(CancellationToken.None);
        }
    }

    /// <summary>Writes what came since the last time. False: the database did not take it; it is tried again with the next.</summary>
    public async Task<bool> FlushAsync(CancellationToken cancellation)
    {
        var stamps = Take();
        try
        {
            for (var start = 0; start < stamps.Count; start += Limits.Access.KeyUsageStep)
            {
                await WriteAsync(stamps.GetRange(start, Math.Min(Limits.Access.KeyUsageStep, stamps.Count - start)), cancellation);
            }
        }
        catch (Exception e) when (e is DbException or TimeoutException or IOException or SocketException)
        {
            foreach (var (keyId, usedAtMs) in stamps)
            {
                Note(keyId, usedAtMs);
            }

            NoteAway(e);
            return false;
        }

        isAway = false;
        return true;
    }

    private List<KeyValuePair<long, long>> Take()
    {
        var stamps = new List<KeyValuePair<long, long>>();
        foreach (var (keyId, _) in pending)
        {
            if (pending.TryRemove(keyId, out var usedAtMs))
            {
                Interlocked.Decrement(ref count);
                stamps.Add(new(keyId, usedAtMs));
            }
        }

        // Every replica in the same order, so that two of them never wait for each other's rows.
        stamps.Sort(static (one, other) => one.Key.CompareTo(other.Key));
        return stamps;
    }

    private async Task WriteAsync(List<KeyValuePair<long, long>> stamps, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await database.BeginWriteAsync(connection, cancellation);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "UPDATE api_keys SET last_used_at_ms = @used WHERE id = @id AND (last_used_at_ms IS NULL OR last_used_at_ms < @used)";
        foreach (var (keyId, usedAtMs) in stamps)
        {
            command.Parameters.Clear();
            command.AddParameter("@used", usedAtMs);
            command.AddParameter("@id", keyId);
            await command.ExecuteNonQueryAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    private void NoteAway(Exception reason)
    {
        if (!isAway)
        {
            AccessLog.KeyUsageUnwritable(logger, reason.Message);
        }

        isAway = true;
    }
}
