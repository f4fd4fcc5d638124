using Gateway.Storage;

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
