using Gateway.Storage;
using Gateway.Tests.Log;
using Gateway.Tests.Support;

namespace Gateway.Tests.Ingest;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlBotRegistrarTests(MariaDbFixture server) : BotRegistrarSuite
{
    private protected override async Task<LogStoreFixture> OpenAsync()
    {
        var fixture = new MySqlFixture(StorageUrl.TryParse(await server.CreateUrlAsync(), out string reason) ?? throw new InvalidOperationException(reason));
        Assert.True((await new Migrator(fixture.Database, fixture.Time).MigrateAsync(default)).IsReady);
        return fixture;
    }
}
