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
            var keys = await CompleteKeysAsync(storage.Database, master.Ring, time, logger, cancellation);
            if (keys.Ring is not null) return new(new StartUp(instance, storage, keys.Ring), StartUpStatus.Prepared, null);
            await storage.DisposeAsync();
            instance?.Dispose();
            return new(null, keys.Status, $"{options.Storage}: {keys.Reason}");
        }

        await storage.DisposeAsync();
        instance?.Dispose();
        return new(null, migrated.Status == MigrationStatus.SchemaTooNew ? StartUpStatus.Refused : StartUpStatus.DatabaseAway, $"{options.Storage}: {migrated.Reason}");
    }

    private const string OtherMasterKey = "this database was used with another master key than this one. Give the right one, or, if it is lost, "
        + "run 'gateway master-key adopt', give each bot's token again with 'gateway bot add --update', and make new API keys";

    /// <summary>The keys with those that earlier master keys left.</summary>
    private static async Task<(KeyRing? Ring, StartUpStatus Status, string? Reason)> CompleteKeysAsync(IDatabase database, KeyRing keys, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        for (var began = time.GetTimestamp(); ;)
        {
            try
            {
                if (await MasterKeyCheck.LookAsync(database, keys, cancellation) == MasterKeyFit.IsAnother) return (null, StartUpStatus.Refused, OtherMasterKey);
                await MasterKeyCheck.MarkAsync(database, keys, time, cancellation);
                return (await DerivedKeyStore.LoadAsync(database, keys, time, cancellation), StartUpStatus.Prepared, null);
            }
            catch (DbException e)
            {
                if (time.GetElapsedTime(began) > Limits.Hosting.DatabaseWait) return (null, StartUpStatus.DatabaseAway, e.Message);
                // It went away just now. Without the keys of before, API keys that are right would be answered 401.
                HostingLog.WaitingForDatabase(logger, e.Message);
                await Task.Delay(Limits.Hosting.DatabaseRetry, time, cancellation);
            }
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
