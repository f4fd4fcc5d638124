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

    public static async Task<T> RunAsync<T>(IDatabase database, Func<ControlCommands, Task<T>> change, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenAsync(cancellation);
                await using var transaction = await database.BeginWriteAsync(connection, cancellation);
                var commands = new ControlCommands(database, connection, transaction);
                var result = await change(commands);
                // Last, so that the version row, which every change needs, is locked as briefly as can be.
                await commands.ExecuteAsync("UPDATE control_version SET version = version + 1 WHERE id = 1");
                await transaction.CommitAsync(cancellation);
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
        ExecuteAsync(
            """
            INSERT INTO audit_log (at_ms, actor_kind, actor_id, actor_name, address, action, target_type, target_id, outcome, request_id, before_json, after_json)
              VALUES (@at, @kind, @id, @name, @address, @action, @targetType, @targetId, @outcome, @request, @before, @after)
            """,
            ("@at", at.ToUnixTimeMilliseconds()),
            ("@kind", (int)actor.Kind),
            ("@id", actor.Id),
            ("@name", actor.Name),
            ("@address", actor.Address),
            ("@action", entry.Action),
            ("@targetType", entry.TargetType),
            ("@targetId", entry.TargetId),
            ("@outcome", AuditEntry.Done),
            ("@request", actor.RequestId),
            ("@before", entry.BeforeJson),
            ("@after", entry.AfterJson));

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

    /// <summary>The first row, as the function reads it; null for none.</summary>
    public async Task<T?> ReadRowAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
        where T : class
    {
        await using var command = Create(sql, parameters);
        await using var rows = await command.ExecuteReaderAsync();
        return await rows.ReadAsync() ? read(rows) : null;
    }

    private DbCommand Create(string sql, (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.AddParameter(name, value);
        return command;
    }
}
