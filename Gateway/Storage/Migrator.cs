using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using Gateway.Messages;
using Microsoft.Data.Sqlite;
using MySqlConnector;

namespace Gateway.Storage;

/// <summary>
/// Brings a database to the schema this program knows, once, whichever of several starting processes comes first, and puts
/// the two one-row tables in place. SQLite: everything in one immediate transaction. MySQL commits each DDL statement by
/// itself, so there a named lock keeps others out, the files say IF NOT EXISTS, and what an ALTER TABLE did already is passed over: a
/// migration that a crash cut short is run again.
/// </summary>
internal sealed class Migrator(IDatabase database, TimeProvider time, TimeSpan? lockWait = null)
{
    private const string LogIdAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    private readonly IReadOnlyList<MigrationFile> files = MigrationFiles.Of(database.Dialect);

    /// <summary>The newest schema this program knows.</summary>
    public int KnownVersion => files[^1].Version;

    public static string NewLogId() => RandomNumberGenerator.GetString(LogIdAlphabet, 8);

    public async ValueTask<MigrationOutcome> MigrateAsync(CancellationToken cancellation)
    {
        try
        {
            await using var connection = await database.OpenAsync(cancellation);
            if (database.Dialect == SqliteDatabase.DialectName) return await MigrateLockedAsync(connection, cancellation);

            if (!await TryLockAsync(connection, cancellation))
                return new(MigrationStatus.Unavailable, 0, KnownVersion, "another process has been migrating this database for too long");
            try
            {
                return await MigrateLockedAsync(connection, cancellation);
            }
            finally
            {
                await ScalarAsync(connection, null, $"SELECT RELEASE_LOCK({LockName})", CancellationToken.None);
            }
        }
        catch (DbException e)
        {
            return new(MigrationStatus.Unavailable, 0, KnownVersion, e.Message);
        }
    }

    /// <summary>Changes nothing: Ready when the schema is the one this program knows.</summary>
    public async ValueTask<MigrationOutcome> LookAsync(CancellationToken cancellation)
    {
        try
        {
            await using var connection = await database.OpenAsync(cancellation);
            var found = (int)(await ScalarAsync(connection, null, "SELECT COALESCE(MAX(version), 0) FROM schema_migrations", cancellation) ?? 0);
            return found == KnownVersion ? new(MigrationStatus.Ready, found, KnownVersion, null)
                : found > KnownVersion ? TooNew(found)
                : new(MigrationStatus.SchemaOld, found, KnownVersion,
                    $"the database has schema {found}, this program knows {KnownVersion}: 'gateway migrate', or the next start, brings it up to date");
        }
        catch (DbException e)
        {
            return new(MigrationStatus.Unavailable, 0, KnownVersion, e.Message);
        }
    }

    private MigrationOutcome TooNew(int found) => new(MigrationStatus.SchemaTooNew, found, KnownVersion,
        $"the database has schema {found}, this program knows {KnownVersion}: start a newer gateway, or restore a backup from before the upgrade");

    // Server-wide, so named after the database; a name has at most 64 characters.
    private const string LockName = "CONCAT('gateway-migrate-', MD5(DATABASE()))";

    private async ValueTask<bool> TryLockAsync(DbConnection connection, CancellationToken cancellation)
    {
        var seconds = (int)(lockWait ?? Limits.Storage.MigrationLock).TotalSeconds;
        return await ScalarAsync(connection, null, $"SELECT GET_LOCK({LockName}, {seconds})", cancellation) == 1;
    }

    private async ValueTask<MigrationOutcome> MigrateLockedAsync(DbConnection connection, CancellationToken cancellation)
    {
        await using var transaction = await database.BeginWriteAsync(connection, cancellation);
        await ScalarAsync(connection, transaction,
            "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name VARCHAR(128) NOT NULL, applied_at_ms BIGINT NOT NULL)",
            cancellation);
        var found = (int)(await ScalarAsync(connection, transaction, "SELECT COALESCE(MAX(version), 0) FROM schema_migrations", cancellation) ?? 0);
        if (found > KnownVersion) return TooNew(found);

        foreach (var file in files)
        {
            if (file.Version <= found) continue;
            await ApplyAsync(connection, transaction, file, cancellation);
            await RecordAsync(connection, transaction, file, cancellation);
        }

        await SeedAsync(connection, transaction, cancellation);
        await transaction.CommitAsync(cancellation);
        return new(MigrationStatus.Ready, found, KnownVersion, null);
    }

    private async ValueTask ApplyAsync(DbConnection connection, DbTransaction transaction, MigrationFile file, CancellationToken cancellation)
    {
        if (database.Dialect == SqliteDatabase.DialectName)
        {
            await ScalarAsync(connection, transaction, file.Sql, cancellation);
            return;
        }

        foreach (var statement in file.Statements)
        {
            try
            {
                await ScalarAsync(connection, transaction, statement, cancellation);
            }
            catch (MySqlException e) when (IsDoneAlready(e.ErrorCode))
            {
                // By a run of this file that a crash cut short: each ALTER TABLE is all or nothing.
                StorageTelemetry.MigrationRepeats.Add(1);
            }
        }
    }

    /// <summary>A second ALTER TABLE, or the copy out of a column that the first run dropped.</summary>
    private static bool IsDoneAlready(MySqlErrorCode error) => error
        is MySqlErrorCode.BadFieldError or MySqlErrorCode.DuplicateFieldName or MySqlErrorCode.DuplicateKeyName or MySqlErrorCode.CannotDropFieldOrKey;

    private async ValueTask RecordAsync(DbConnection connection, DbTransaction transaction, MigrationFile file, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO schema_migrations (version, name, applied_at_ms) VALUES (@version, @name, @now)";
        command.AddParameter("@version", file.Version);
        command.AddParameter("@name", file.Name);
        command.AddParameter("@now", time.GetUtcNow().ToUnixTimeMilliseconds());
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async ValueTask SeedAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellation)
    {
        if (await ScalarAsync(connection, transaction, "SELECT COUNT(*) FROM log_head", cancellation) == 0)
            await ScalarAsync(connection, transaction,
                $"INSERT INTO log_head (id, log_id, seq, created_at_ms) VALUES (1, '{NewLogId()}', 0, 0)", cancellation);
        if (await ScalarAsync(connection, transaction, "SELECT COUNT(*) FROM control_version", cancellation) == 0)
            await ScalarAsync(connection, transaction, "INSERT INTO control_version (id, version) VALUES (1, 1)", cancellation);
    }

    private static async ValueTask<long?> ScalarAsync(DbConnection connection, DbTransaction? transaction, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        // A schema change on a large table takes as long as it takes; the wait for the lock has its own bound.
        if (connection is not SqliteConnection) command.CommandTimeout = 0;
        var value = await command.ExecuteScalarAsync(cancellation);
        return value is null or DBNull ? null : Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }
}
