using System.Data.Common;
using System.Net.Sockets;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging;

namespace Gateway.Access;

/// <summary>
/// Notes what was refused, in <c>audit_log</c>. Whoever refuses never waits for it: equal denials of one minute are counted in memory and
/// become one row, so that ten thousand wrong keys a second cost one insert and one update. What finds no room is counted and let go.
/// </summary>
internal sealed class AuditDenials(IDatabase database, TimeProvider time, ILogger logger)
{
    /// <summary>The target is that of the first: a scan over a thousand ids is one row.</summary>
    private readonly record struct Key(ActorKind Kind, long Id, string Action, string Address, long Minute);

    private sealed class Entry(Actor actor, AuditEntry what, long atMs)
    {
        public Actor Actor { get; } = actor;
        public AuditEntry What { get; } = what;
        public long AtMs { get; } = atMs;

        /// <summary>Zero: not written yet.</summary>
        public long RowId { get; set; }
        public long Count { get; set; } = 1;
        public long Written { get; set; }
    }

    /// <summary>The action of a wrong or missing credential.</summary>
    public const string Credential = "auth.credential";

    private static readonly long MinuteMs = (long)TimeSpan.FromMinutes(1).TotalMilliseconds;

    private readonly Lock gate = new();
    private readonly Dictionary<Key, Entry> entries = [];
    private long dropped;
    private bool isAway;

    /// <summary>Counts one denial. Never blocks and never fails.</summary>
    /// <param name="action">What was tried, as <c>auth.login</c>, or the name of a route.</param>
    public void Note(in Actor actor, string action, string targetType, string targetId)
    {
        AccessTelemetry.Denials.Add(1);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var key = new Key(actor.Kind, actor.Id, action, actor.Address ?? "", now / MinuteMs);
        lock (gate)
        {
            if (entries.TryGetValue(key, out var entry)) entry.Count++;
            else if (entries.Count < Limits.Access.AuditDenials) entries[key] = new Entry(Cut(actor), new AuditEntry(action, targetType, Cut(targetId), null, null), now);
            else dropped++;
        }
    }

    /// <summary>The name of a login is what a stranger typed: the columns hold 128.</summary>
    private static Actor Cut(Actor actor) => actor with { Name = Cut(actor.Name) };

    private static string Cut(string text) => text.Length <= Limits.Access.AuditTextChars ? text : text[..Limits.Access.AuditTextChars];

    public async Task RunAsync(CancellationToken stop)
    {
        var isLast = false;
        while (!isLast)
        {
            try
            {
                await Task.Delay(Limits.Access.AuditFlush, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                // At the end once more, with what the running minute has, and with what came during a write that the stop met: the supervisor bounds
                // how long it may take.
                isLast = stop.IsCancellationRequested;
                await FlushAsync(isLast);
            }
            catch (Exception e)
            {
                // The loop's boundary: what was not written waits for the next turn.
                AccessLog.DenialsFailed(logger, e);
            }
        }
    }

    /// <summary>Writes new denials at once, and the count of a minute when it is over. False when the database does not take them now.</summary>
    internal async Task<bool> FlushAsync(bool isLast = false)
    {
        var due = TakeDue(isLast);
        for (var start = 0; start < due.Count; start += Limits.Access.AuditStep)
        {
            var part = due.GetRange(start, Math.Min(Limits.Access.AuditStep, due.Count - start));
            if (!await TryWriteAsync(part)) return false;
        }

        return true;
    }

    private List<(Entry Entry, long Count)> TakeDue(bool isLast)
    {
        List<(Entry, long)> due = [];
        var minute = time.GetUtcNow().ToUnixTimeMilliseconds() / MinuteMs;
        lock (gate)
        {
            if (dropped > 0)
            {
                AccessTelemetry.DroppedDenials.Add(dropped);
                AccessLog.DenialsDropped(logger, dropped);
                dropped = 0;
            }

            foreach (var (key, entry) in entries)
            {
                var isOver = isLast || key.Minute != minute;
                if (entry.Written == entry.Count && isOver) entries.Remove(key);
                else if (entry.RowId == 0 || (isOver && entry.Written != entry.Count)) due.Add((entry, entry.Count));
            }
        }

        return due;
    }

    private async Task<bool> TryWriteAsync(List<(Entry Entry, long Count)> part)
    {
        try
        {
            var ids = await WriteAsync(part);
            lock (gate)
            {
                for (var index = 0; index < part.Count; index++) (part[index].Entry.RowId, part[index].Entry.Written) = (ids[index], part[index].Count);
            }

            isAway = false;
            return true;
        }
        catch (Exception e) when (e is DbException or TimeoutException or IOException or SocketException)
        {
            // Said once: the watcher and /ready say the rest.
            if (!isAway) AccessLog.DenialsFailed(logger, e);
            isAway = true;
            return false;
        }
    }

    /// <summary>Not a control transaction: nothing that a gateway has in memory changes.</summary>
    private async Task<long[]> WriteAsync(List<(Entry Entry, long Count)> part)
    {
        var ids = new long[part.Count];
        await using var connection = await database.OpenAsync(CancellationToken.None);
        await using var transaction = await database.BeginWriteAsync(connection, CancellationToken.None);
        var commands = new ControlCommands(database, connection, transaction);
        // So late only when the database was away. Readers rely on rows being dated no further back than this when they are written.
        var earliest = time.GetUtcNow().ToUnixTimeMilliseconds() - (long)Limits.Access.AuditDisorder.TotalMilliseconds;
        for (var index = 0; index < part.Count; index++)
        {
            var (entry, count) = part[index];
            ids[index] = entry.RowId;
            if (entry.RowId == 0) ids[index] = await commands.AuditDenialAsync(entry.Actor, DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(entry.AtMs, earliest)), entry.What, count);
            else await commands.ExecuteAsync("UPDATE audit_log SET count = @count WHERE id = @id", ("@count", count), ("@id", entry.RowId));
        }

        await transaction.CommitAsync();
        return ids;
    }
}
