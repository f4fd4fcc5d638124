using System.Data.Common;
using System.Globalization;

namespace Gateway.Storage;

/// <summary>
/// A change of control data (bots, keys, grants, users). Every one raises the control version in its own transaction, which is what tells all
/// running gateways to look again; a change without it would stay unnoticed. Short by construction: no network, no hashing inside.
/// </summary>
internal static class ControlTransaction
{
    private const int Attempts = 5;

    /// <param name="isChange">Asked of the result. False: it was refused; nothing that was written on the way stays, and nobody looks again for it. Null: always.</param>
    public static Task<T> RunAsync<T>(
        IDatabase database, Func<ControlCommands, Task<T>> change, CancellationToken cancellation, Func<T, bool>? isChange = null) =>
        RunQuietAsync(
            database,
            async commands =>
            {
                var result = await change(commands);
                // Last, so that the version row, which every change needs, is locked as briefly as can be.
                if (isChange is null || isChange(result)) await commands.RaiseVersionAsync();
                return result;
            },
            cancellation,
            isChange);

    /// <summary>
    /// As <see cref="RunAsync"/>, for a change that makes what is not there yet: another may make it between our look and our insert. Then it is there
    /// at the second try.
    /// </summary>
    public static async Task<T> RunTwiceAsync<T>(
        IDatabase database, Func<ControlCommands, Task<T>> change, CancellationToken cancellation, Func<T, bool>? isChange = null)
    {
        try
        {
            return await RunAsync(database, change, cancellation, isChange);
        }
        catch (DbException e) when (!e.IsTransient)
        {
            return await RunAsync(database, change, cancellation, isChange);
        }
    }

    /// <summary>
    /// For rows that no process keeps in memory: new sessions, tickets, what has expired. The version stays, unless the change turns out to concern
    /// others and raises it itself: a reload everywhere for every login would let logins slow deliveries down.
    /// </summary>
    public static async Task<T> RunQuietAsync<T>(
        IDatabase database, Func<ControlCommands, Task<T>> change, CancellationToken cancellation, Func<T, bool>? isChange = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenAsync(cancellation);
                await using var transaction = await database.BeginWriteAsync(connection, cancellation);
                var result = await change(new ControlCommands(database, connection, transaction));
                if (isChange is null || isChange(result)) await transaction.CommitAsync(cancellation);
                return result;
            }
            catch (DbException e) when (e.IsTransient && attempt < Attempts)
            {
                // A deadlock with a gateway that commits: nothing was written, so the same again.
                StorageTelemetry.ControlRetries.Add(1);
            }
        }
    }
}

/// <summary>The statements of one control transaction.</summary>
internal sealed class ControlCommands(IDatabase database, DbConnection connection, DbTransaction transaction)
{
    public async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using var command = Create(sql, parameters);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Notes what this transaction does; it is there when, and only when, the change is.</summary>
    public Task AuditAsync(Actor actor, DateTimeOffset at, AuditEntry entry) =>
        ExecuteAsync(InsertAudit, AuditValues(actor, at, entry, AuditEntry.Done, 1));

    /// <summary>Notes denials that were counted together, and answers the row's id.</summary>
    public Task<long> AuditDenialAsync(Actor actor, DateTimeOffset at, AuditEntry entry, long count) =>
        InsertAsync(InsertAudit, AuditValues(actor, at, entry, AuditEntry.Denied, count));

    /// <summary>Runs an INSERT and answers the id it made.</summary>
    public async Task<long> InsertAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await ExecuteAsync(sql, parameters);
        return await ReadNumberAsync($"SELECT {database.LastInsertId}") ?? throw new InvalidOperationException("The database told no id for an INSERT.");
    }

    /// <summary>The first column of the first row; null for no row or NULL.</summary>
    public async Task<long?> ReadNumberAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using var command = Create(sql, parameters);
        var value = await command.ExecuteScalarAsync();
        return value is null or DBNull ? null : Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }

    /// <summary>The first row; null for none. Whatever is read of it is read before the next statement.</summary>
    public async Task<T?> ReadRowAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
        where T : class
    {
        await using var command = Create(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? read(reader) : null;
    }

    /// <summary>All rows; for lists that are short by their nature.</summary>
    public async Task<List<T>> ReadRowsAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        await using var command = Create(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }

    /// <summary>Tells every process to look again. Once, at the end of the change.</summary>
    public Task RaiseVersionAsync() => ExecuteAsync("UPDATE control_version SET version = version + 1 WHERE id = 1");

    private const string InsertAudit =
        """
        INSERT INTO audit_log
          (at_ms, actor_kind, actor_id, actor_name, address, action, target_type, target_id, outcome, count, request_id, before_json, after_json)
          VALUES (@at, @kind, @id, @name, @address, @action, @targetType, @targetId, @outcome, @count, @request, @before, @after)
        """;

    private static (string Name, object? Value)[] AuditValues(Actor actor, DateTimeOffset at, AuditEntry entry, string outcome, long count) =>
    [
        ("@at", at.ToUnixTimeMilliseconds()),
        ("@kind", (int)actor.Kind),
        ("@id", actor.Id),
        ("@name", actor.Name),
        ("@address", actor.Address),
        ("@action", entry.Action),
        ("@targetType", entry.TargetType),
        ("@targetId", entry.TargetId),
        ("@outcome", outcome),
        ("@count", count),
        ("@request", actor.RequestId),
        ("@before", entry.BeforeJson),
        ("@after", entry.AfterJson),
    ];

    private DbCommand Create(string sql, (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.AddParameter(name, value);
        return command;
    }
}
