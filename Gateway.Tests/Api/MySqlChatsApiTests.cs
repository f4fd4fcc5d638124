using Gateway.Tests.Support;

namespace Gateway.Tests.Api;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlChatsApiTests(MariaDbFixture fixture) : ChatsApiTests
{
    private protected override async Task<string?> UrlAsync() => await fixture.CreateUrlAsync();
}
