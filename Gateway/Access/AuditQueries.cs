using System.Data.Common;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>One line of the audit log, as it is read.</summary>
internal sealed record AuditLine(
    long Id, long AtMs, ActorKind ActorKind, long ActorId, string ActorName, string? Address, string Action, string TargetType, string TargetId,
    string Outcome, long Count, string? RequestId, string? BeforeJson, string? AfterJson);

/// <summary>Everything that is given must be so; null asks nothing.</summary>
/// <param name="Action">As it is, or a beginning with a star: <c>bot.*</c>.</param>
internal sealed record AuditFilter(
    ActorKind? ActorKind = null, long? ActorId = null, string? Action = null, string? TargetType = null, string? TargetId = null,
    string? Outcome = null, long? SinceMs = null, long? UntilMs = null)
{
    /// <summary>Whether rows are picked out by what no index knows.</summary>
    public bool IsSelective => this != new AuditFilter(SinceMs: SinceMs, UntilMs: UntilMs);
}

/// <param name="Next">Where the next page begins: everything below this id. Null: there is no more.</param>
internal sealed record AuditPage(IReadOnlyList<AuditLine> Lines, long? Next);

/// <summary>Reads the audit log, newest first.</summary>
internal sealed class AuditQueries(IDatabase database)
{
    private static readonly long DisorderMs = (long)Limits.Access.AuditDisorder.TotalMilliseconds;

    /// <summary>
    /// A page. Where a filter finds little, it ends after <see cref="Limits.Access.AuditScan"/> rows, perhaps empty, and the next goes on from there.
    /// </summary>
    public async Task<AuditPage> ReadAsync(AuditFilter filter, long before, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var (lowest, highest) = await RangeAsync(connection, filter, before, cancellation);
        var floor = filter.IsSelective ? Math.Max(lowest, highest - Limits.Access.AuditScan) : lowest;
        var lines = await ReadRangeAsync(connection, filter, floor, highest, limit + 1, cancellation);
        if (lines.Count > limit)
        {
            lines.RemoveAt(limit);
            return new AuditPage(lines, lines[^1].Id);
        }

        return new AuditPage(lines, floor > lowest ? floor + 1 : null);
    }

    /// <summary>
    /// The ids between which everything of the asked time lies, the lower one outside. Ids follow the time of writing, which is that of the row or
    /// up to <see cref="Limits.Access.AuditDisorder"/> later; so the first row that is later by more than this stands after all that are meant.
    /// </summary>
    private static async Task<(long Lowest, long Highest)> RangeAsync(DbConnection connection, AuditFilter filter, long before, CancellationToken cancellation)
    {
        var highest = before == long.MaxValue ? await NumberAsync(connection, "SELECT MAX(id) FROM audit_log", 0, cancellation) ?? 0 : before - 1;
        if (filter.UntilMs is { } until
            && await NumberAsync(connection, "SELECT id FROM audit_log WHERE at_ms > @at ORDER BY at_ms, id LIMIT 1", until + DisorderMs, cancellation) is { } after)
        {
            highest = Math.Min(highest, after - 1);
        }

        var lowest = filter.SinceMs is { } since
            ? await NumberAsync(connection, "SELECT id FROM audit_log WHERE at_ms < @at ORDER BY at_ms DESC, id DESC LIMIT 1", since - DisorderMs, cancellation) ?? 0
            : 0;
        return (lowest, highest);
    }

    private static async Task<long?> NumberAsync(DbConnection connection, string sql, long at, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.AddParameter("@at", at);
        return await command.ExecuteScalarAsync(cancellation) is { } value and not DBNull ? Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture) : null;
    }

    private static async Task<List<AuditLine>> ReadRangeAsync(
        DbConnection connection, AuditFilter filter, long floor, long highest, int limit, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        List<string> conditions = ["id <= @highest", "id > @floor"];
        command.AddParameter("@highest", highest);
        command.AddParameter("@floor", floor);
        void Ask(string condition, string name, object? value)
        {
            if (value is null) return;
            conditions.Add(condition);
            command.AddParameter(name, value);
        }

        Ask("actor_kind = @kind", "@kind", (int?)filter.ActorKind);
        Ask("actor_id = @actor", "@actor", filter.ActorId);
        // SUBSTR and not LIKE, which takes the underscore of a name for any character.
        var isBeginning = filter.Action is [.., '*'];
        var action = isBeginning ? filter.Action![..^1] : filter.Action;
        Ask(isBeginning ? $"SUBSTR(action, 1, {action!.Length}) = @action" : "action = @action", "@action", action);
        Ask("target_type = @type", "@type", filter.TargetType);
        Ask("target_id = @target", "@target", filter.TargetId);
        Ask("outcome = @outcome", "@outcome", filter.Outcome);
        Ask("at_ms >= @since", "@since", filter.SinceMs);
        Ask("at_ms <= @until", "@until", filter.UntilMs);
        command.CommandText =
            $"""
            SELECT id, at_ms, actor_kind, actor_id, actor_name, address, action, target_type, target_id, outcome, count, request_id, before_json, after_json
            FROM audit_log WHERE {string.Join(" AND ", conditions)} ORDER BY id DESC LIMIT {limit}
            """;
        var lines = new List<AuditLine>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) lines.Add(Read(reader));
        return lines;
    }

    private static AuditLine Read(DbDataReader reader) => new(
        reader.GetInt64(0),
        reader.GetInt64(1),
        (ActorKind)reader.GetInt64(2),
        reader.GetInt64(3),
        reader.GetString(4),
        TextOrNull(reader, 5),
        reader.GetString(6),
        reader.GetString(7),
        reader.GetString(8),
        reader.GetString(9),
        reader.GetInt64(10),
        TextOrNull(reader, 11),
        TextOrNull(reader, 12),
        TextOrNull(reader, 13));

    private static string? TextOrNull(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
