using System.CommandLine;
using System.Data.Common;
using System.Net.Sockets;
using Gateway.Access;
using Gateway.Hosting;
using Gateway.Ingest;
using Gateway.Log;
using Gateway.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Cli;

/// <summary>What a command that works on the database needs, opened as the options say; beside a running server or without one.</summary>
internal sealed class CliSession : IAsyncDisposable
{
    private readonly ApiKeyHasher hasher = new();
    private readonly PasswordHasher passwords = new();

    private CliSession(GatewayOptions options, OpenedStorage storage, MigrationOutcome migration, KeyRing keys, CliOutput output)
    {
        Options = options;
        Storage = storage;
        Migration = migration;
        Keys = keys;
        Output = output;
    }

    public GatewayOptions Options { get; }
    public OpenedStorage Storage { get; }
    public IDatabase Database => Storage.Database;
    public KeyRing Keys { get; }

    /// <summary>What opening did to the schema.</summary>
    public MigrationOutcome Migration { get; }
    public CliOutput Output { get; }
    public TimeProvider Time { get; } = TimeProvider.System;

    public ApiKeyAdministration ApiKeys => new(Database, Keys, hasher, Time);
    public ApiKeyQueries ApiKeyLists => new(Database);
    public GrantAdministration Grants => new(Database, Time);
    public GrantQueries GrantLists => new(Database);
    public FeedbackAdministration Feedback => new(Database, Time);
    public UserAdministration Users => new(Database, passwords, Time);
    public UserQueries UserLists => new(Database);
    public BotAdministration Bots => new(Database, new SecretBox(Keys), Time);
    public BotQueries BotQueries => new(Database, new SecretBox(Keys));
    public BotWebhooks BotWebhooks => new(Bots, BotQueries, Telegram, Options.TelegramBaseUrl.ToString(), Options.PublicUrl, Time, NullLogger.Instance);
    public BotRegistrar BotRegistrar => new(Bots, BotQueries, BotWebhooks);

    /// <summary>The way to the Bot API.</summary>
    public HttpMessageInvoker Telegram { get; } = BotApiClient.NewHttp();

    /// <summary>Opens, migrates, runs the command, and turns what may go wrong with a database into an exit code.</summary>
    public static Task<int> RunAsync(ParseResult arguments, Func<CliSession, Task<int>> command, CancellationToken cancellation) =>
        RunAsync(arguments, command, SessionMode.Change, cancellation);

    /// <summary>For a command that only looks: it makes no folder, no key and no database, and migrates nothing.</summary>
    /// <param name="whereNothingIs">What it says of a data folder without a database, whose path it is given; null: it refuses.</param>
    public static Task<int> LookAsync(
        ParseResult arguments, Func<CliSession, Task<int>> command, CancellationToken cancellation, Func<string, int>? whereNothingIs = null) =>
        RunAsync(arguments, command, SessionMode.Look, cancellation, whereNothingIs);

    /// <summary>For the replacement of the master key: with the key in the data folder, no server runs there and no other command is at work.</summary>
    public static Task<int> RunAloneAsync(ParseResult arguments, Func<CliSession, Task<int>> command, CancellationToken cancellation) =>
        RunAsync(arguments, command, SessionMode.Alone, cancellation);

    private static async Task<int> RunAsync(
        ParseResult arguments, Func<CliSession, Task<int>> command, SessionMode mode, CancellationToken cancellation, Func<string, int>? whereNothingIs = null)
    {
        var output = OutputFor(arguments);
        var read = CommonOptions.Read(arguments);
        foreach (var warning in read.Warnings) output.Warn(warning);
        if (read.Options is not { } options) return output.Fail(ExitCode.Usage, "INVALID_OPTIONS", string.Join("; ", read.Errors));
        try
        {
            if (mode != SessionMode.Change && options.Storage.SqlitePath is { } path && !File.Exists(path))
                return whereNothingIs?.Invoke(Path.GetFullPath(path)) ?? output.Fail(ExitCode.Refused, "NO_DATABASE", $"there is no database {Path.GetFullPath(path)}; is this the folder that the gateway serves?");
            if (mode == SessionMode.Change && options.Storage.IsSqlite) DataFolder.Create(options.DataFolder);
            using var locks = SessionLocks.Take(mode, options);
            if (locks.Refusal is { } refusal) return output.Fail(ExitCode.Refused, refusal.Code, refusal.Message);
            // Behind the locks: a key that is being replaced is read before or after, not between.
            var master = MasterKeyProvider.Get(options);
            if (master.Key is null) return output.Fail(ExitCode.Usage, "NO_MASTER_KEY", master.Reason!);
            await using var storage = StorageFactory.Open(options.Storage, TimeProvider.System);
            var migrator = new Migrator(storage.Database, TimeProvider.System);
            var migrated = mode == SessionMode.Change ? await MigrateAsync(migrator, options, cancellation) : await migrator.LookAsync(cancellation);
            if (!migrated.IsReady)
            {
                return migrated.Status is MigrationStatus.SchemaTooNew or MigrationStatus.SchemaOld
                    ? output.Fail(ExitCode.Refused, migrated.Status == MigrationStatus.SchemaOld ? "SCHEMA_OLD" : "SCHEMA_TOO_NEW", migrated.Reason!)
                    : output.Fail(ExitCode.Unavailable, "DATABASE_UNAVAILABLE", $"{options.Storage}: {migrated.Reason}");
            }

            await using var session = new CliSession(options, storage, migrated, master.Ring, output);
            return await command(session);
        }
        catch (Exception e) when (e is DbException or TimeoutException or SocketException)
        {
            return output.Fail(ExitCode.Unavailable, "DATABASE_UNAVAILABLE", $"{options.Storage}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return output.Fail(ExitCode.Refused, "IO_ERROR", e.Message);
        }
    }

    /// <summary>
    /// Not under the feet of a server of an older version, which holds the data folder and would write the old schema into the new one:
    /// events missing from what the newer program reads, with nothing to tell of it.
    /// </summary>
    private static async ValueTask<MigrationOutcome> MigrateAsync(Migrator migrator, GatewayOptions options, CancellationToken cancellation)
    {
        if (!options.Storage.IsSqlite || await migrator.LookAsync(cancellation) is not { Status: MigrationStatus.SchemaOld, FromVersion: > 0 } old)
            return await migrator.MigrateAsync(cancellation);
        using var instance = InstanceLock.TryTake(options.DataFolder);
        return instance is not null
            ? await migrator.MigrateAsync(cancellation)
            : old with { Reason = $"a server of an older version is running on this database (schema {old.FromVersion}, this program knows {old.ToVersion}): stop it first, or use its own program" };
    }

    public static CliOutput OutputFor(ParseResult arguments) => new(arguments.GetValue(CommonOptions.Json), Console.Out, Console.Error);

    public ValueTask DisposeAsync()
    {
        hasher.Dispose();
        Telegram.Dispose();
        passwords.Dispose();
        return ValueTask.CompletedTask;
    }
}
