using Gateway.Tests.Support;

namespace Gateway.Tests.Access;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlChatReadingTests(MariaDbFixture server) : ChatReadingSuite
{
    private protected override async Task<AccessFixture> OpenAsync() => await AccessFixture.CreateAsync(await server.CreateUrlAsync());
}
