using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Cli.Apply;

[Collection(MariaDbCollection.Name)]
public sealed class ApplyMySqlTests(MariaDbFixture server) : IDisposable
{
    private readonly GatewayProgram gateway = new();

    [Fact]
    public async Task Apply_OnASharedDatabase_DoesTheSame()
    {
        var url = await server.CreateUrlAsync();
        await using var database = new MySqlDatabase(StorageUrl.TryParse(url, out _)!);
        await new ApplyScript(gateway, database, ("GATEWAY__Database", url), ("GATEWAY__MasterKey", Convert.ToBase64String(new byte[32]))).RunAsync();
    }

    public void Dispose() => gateway.Dispose();
}
