using Gateway.Storage;
using Gateway.Tests.Log;

namespace Gateway.Tests.Ingest;

public sealed class SqliteBotRegistrarTests : BotRegistrarSuite
{
    private protected override async Task<LogStoreFixture> OpenAsync()
    {
        var fixture = new SqliteFixture();
        Assert.True((await new Migrator(fixture.Database, fixture.Time).MigrateAsync(default)).IsReady);
        return fixture;
    }
}
