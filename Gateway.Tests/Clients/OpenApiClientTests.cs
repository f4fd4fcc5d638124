using Gateway.Tests.Support;

namespace Gateway.Tests.Clients;

/// <summary>What a running gateway serves as its OpenAPI document, read by the tools that people use.</summary>
public sealed class OpenApiClientTests : IAsyncLifetime
{
    private readonly string document = Path.GetTempFileName() + ".json";
    private GatewayProcess gateway = null!;

    public async Task InitializeAsync()
    {
        gateway = await GatewayProcess.StartAsync();
        await File.WriteAllTextAsync(document, await gateway.TextOfAsync("/api/v1/openapi.json"));
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        File.Delete(document);
    }

    [Fact]
    public async Task Document_ByTheSpecificationsSchemaAndAStrictLinter_IsValid()
    {
        Assert.Equal("valid", (await NodeTools.RunAsync("validate.mjs", document)).Trim());
        await NodeTools.RunPackageAsync("redocly", "lint", document, "--config", "redocly.yaml", "--format", "stylish");
    }
}
