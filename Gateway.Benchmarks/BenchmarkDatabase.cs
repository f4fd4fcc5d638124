using Gateway.Log;
using Gateway.Log.Sqlite;
using Gateway.Storage;

namespace Gateway.Benchmarks;

/// <summary>A migrated SQLite database in a folder of its own.</summary>
internal sealed class BenchmarkDatabase : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gateway-benchmark-").FullName;
    private readonly SqliteDatabase database;
    private readonly SqliteLogStore store;

    public BenchmarkDatabase()
    {
        database = new SqliteDatabase(Path.Combine(folder, "gateway.db"));
        store = new SqliteLogStore(Path.Combine(folder, "gateway.db"), TimeProvider.System);
    }

    public IDatabase Database => database;
    public ILogStore Store => store;

    public async ValueTask MigrateAsync()
    {
        MigrationOutcome outcome = await new Migrator(database, TimeProvider.System).MigrateAsync(CancellationToken.None);
        if (!outcome.IsReady)
        {
            throw new InvalidOperationException($"the database was not migrated: {outcome}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
