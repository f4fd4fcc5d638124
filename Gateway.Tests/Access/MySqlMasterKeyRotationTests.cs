using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Access;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlMasterKeyRotationTests(MariaDbFixture server) : MasterKeyRotationSuite
{
    private protected override async Task<IDatabase> OpenAsync() => new MySqlDatabase(StorageUrl.TryParse(await server.CreateUrlAsync(), out _)!);
}
