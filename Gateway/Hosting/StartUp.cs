using System.Data.Common;
using Gateway.Access;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

/// <summary>What must be in place before anything is composed: folder, lock, database, schema, master key.</summary>
internal sealed class StartUp : IAsyncDisposable
{
    private readonly InstanceLock? instance;

    private StartUp(InstanceLock? instance, OpenedStorage storage, KeyRing keys)
    {
        this.instance = instance;
        Storage = storage;
        Keys = keys;
    }

    public OpenedStorage Storage { get; }
    public KeyRing Keys { get; }

    public static async Task<StartUpOutcome> PrepareAsync(GatewayOptions options, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        InstanceLock? instance = null;
        try
        {
            // With a shared database, too: the high-water mark is kept there.
            DataFolder.Create(options.DataFolder);
            if (options.Storage.IsSqlite && (instance = InstanceLock.TryTake(options.DataFolder)) is null)
            {
                return new(null, StartUpStatus.Refused, $"another gateway is serving the data folder {Path.GetFullPath(options.DataFolder)}; "
                    + "stop it first, or give this one a folder of its own with --data");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(null, StartUpStatus.Refused, $"the data folder cannot be used: {e.Message}");
        }

        var master = MasterKeyProvider.Get(options);
        if (master.Key is null)
        {
            instance?.Dispose();
            return new(null, StartUpStatus.Refused, master.Reason);
        }

        var storage = StorageFactory.Open(options.Storage, time, logger);
        var migrated = await MigrateAsync(new Migrator(storage.Database, time), time, logger, cancellation);
        if (migrated.IsReady)
        {
            if (migrated.Applied > 0) HostingLog.Migrated(logger, migrated.FromVersion, migrated.ToVersion);
            await TellSettingsAsync(storage.Database, logger, cancellation);
            var keys = new KeyRing(master.Key);
            if (!await IsAnotherKeyAsync(storage.Database, keys, logger, cancellation)) return new(new StartUp(instance, storage, keys), StartUpStatus.Prepared, null);
        }

        await storage.DisposeAsync();
        instance?.Dispose();
        if (migrated.IsReady) return new(null, StartUpStatus.Refused, $"{options.Storage}: {OtherMasterKey}");
        return new(null, migrated.Status == MigrationStatus.SchemaTooNew ? StartUpStatus.Refused : StartUpStatus.DatabaseAway, $"{options.Storage}: {migrated.Reason}");
    }

    private const string OtherMasterKey = "the bots' tokens were stored under another master key than this one. Give the right one, or, if it is lost, "
        + "give each bot's token again with 'gateway bot add --update' and make new API keys";

    private static async Task<bool> IsAnotherKeyAsync(IDatabase database, KeyRing keys, ILogger logger, CancellationToken cancellation)
    {
        try
        {
            return await MasterKeyCheck.IsAnotherAsync(database, keys, cancellation);
        }
        catch (DbException e)
        {
            // It went away just now; the loops know how to wait for it, and each bot is looked at again there.
            HostingLog.WaitingForDatabase(logger, e.Message);
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Storage.DisposeAsync();
        instance?.Dispose();
    }

    /// <summary>Settings that break "durable before acknowledged" are told at every start; whether to live with them is the operator's decision.</summary>
    private static async Task TellSettingsAsync(IDatabase database, ILogger logger, CancellationToken cancellation)
    {
        if (database is not MySqlDatabase server) return;
        try
        {
            foreach (var finding in await MySqlChecks.FindAsync(server, cancellation))
            {
                if (finding.IsError) HostingLog.DatabaseSettingBad(logger, finding.Setting, finding.Message);
                else HostingLog.DatabaseSettingDoubtful(logger, finding.Setting, finding.Message);
            }
        }
        catch (DbException e)
        {
            HostingLog.WaitingForDatabase(logger, e.Message);
        }
    }

    /// <summary>A database that starts together with the gateway needs some seconds; one that was misnamed is told after them.</summary>
    private static async Task<MigrationOutcome> MigrateAsync(Migrator migrator, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        for (var first = true; ; first = false)
        {
            var outcome = await migrator.MigrateAsync(cancellation);
            if (outcome.Status != MigrationStatus.Unavailable || time.GetElapsedTime(began) > Limits.Hosting.DatabaseWait) return outcome;
            if (first) HostingLog.WaitingForDatabase(logger, outcome.Reason ?? "");
            await Task.Delay(Limits.Hosting.DatabaseRetry, time, cancellation);
        }
    }
}

internal enum StartUpStatus
{
    Prepared,
    Refused,
    DatabaseAway,
}

/// <param name="Reason">For people, unless prepared.</param>
internal readonly record struct StartUpOutcome(StartUp? StartUp, StartUpStatus Status, string? Reason);
