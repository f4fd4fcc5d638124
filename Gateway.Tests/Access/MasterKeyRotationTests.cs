using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Access;

public sealed class SqliteMasterKeyRotationTests : MasterKeyRotationSuite
{
    private readonly string folder = Directory.CreateTempSubdirectory("gateway-rotation-").FullName;

    private protected override Task<IDatabase> OpenAsync() => Task.FromResult<IDatabase>(new SqliteDatabase(Path.Combine(folder, "gateway.db")));

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

[Collection(MariaDbCollection.Name)]
public sealed class MySqlMasterKeyRotationTests(MariaDbFixture server) : MasterKeyRotationSuite
{
    private protected override async Task<IDatabase> OpenAsync() => new MySqlDatabase(StorageUrl.TryParse(await server.CreateUrlAsync(), out _)!);
}
