using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Access;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlAuditTests(MariaDbFixture server) : AuditSuite
{
    internal override async ValueTask<StorageUrl> CreateAsync() => StorageUrl.TryParse(await server.CreateUrlAsync(), out var reason) ?? throw new InvalidOperationException(reason);
}
