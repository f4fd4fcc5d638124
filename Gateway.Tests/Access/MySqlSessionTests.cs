using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Access;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlSessionTests(MariaDbFixture server) : SessionSuite
{
    private protected override async Task<SessionFixture> OpenAsync() =>
        await SessionFixture.CreateAsync(new MySqlDatabase(StorageUrl.TryParse(await server.CreateUrlAsync(), out var reason) ?? throw new InvalidOperationException(reason)));
}
