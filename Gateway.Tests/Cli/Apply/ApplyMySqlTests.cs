using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Cli.Apply;

[Collection(MariaDbCollection.Name)]
public sealed class ApplyMySqlTests(MariaDbFixture server) : IDisposable
{
    private readonly GatewayProgram gateway = new();

    [Fact]
    public Task Apply_OnASharedDatabase_DoesTheSame() => WithScriptAsync(script => script.RunAsync());

    [Fact]
    public Task Apply_TwoAtOnceOnASharedDatabase_LeaveEachKeyOnceWithItsTextInItsFile() => WithScriptAsync(async script =>
    {
        await script.DoneAsync("keys: []");
        await script.RunTwoAtOnceAsync();
    });

    public void Dispose() => gateway.Dispose();

    private async Task WithScriptAsync(Func<ApplyScript, Task> run)
    {
        var url = await server.CreateUrlAsync();
        await using var database = new MySqlDatabase(StorageUrl.TryParse(url, out _)!);
        await run(new ApplyScript(gateway, database, ("GATEWAY__Database", url), ("GATEWAY__MasterKey", Convert.ToBase64String(new byte[32]))));
    }
}
