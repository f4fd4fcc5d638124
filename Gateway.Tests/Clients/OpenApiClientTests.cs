using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.Clients;

/// <summary>What a running gateway serves as its OpenAPI document, read by the tools that people use.</summary>
public sealed class OpenApiClientTests : IAsyncLifetime
{
    private const int Messages = 5;

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

    [Fact]
    public async Task GeneratedClient_OfThatDocument_ListsBotsAndReadsMessages()
    {
        TestBot bot = await gateway.AddBotAsync(123_456_789);
        for (long update = 1; update <= Messages; update++) await gateway.PostAsync(bot, update);
        string key = await gateway.CreateAdminKeyAsync();

        string artifacts = Path.Combine(NodeTools.Folder, "artifacts");
        if (Directory.Exists(artifacts)) Directory.Delete(artifacts, recursive: true);
        await NodeTools.RunPackageAsync("openapi-ts", "--input", document, "--output", Path.Combine(artifacts, "client"), "--client", "@hey-api/client-fetch", "--no-log-file");
        await NodeTools.RunPackageAsync("tsc", "--project", "tsconfig.json");
        using JsonDocument answer = JsonDocument.Parse(await NodeTools.RunAsync(Path.Combine("artifacts", "js", "consumer.js"), gateway.Address, key));

        Assert.Equal([bot.Id], answer.RootElement.GetProperty("bots").EnumerateArray().Select(each => each.GetInt64()));
        // Newest first, two a page.
        Assert.Equal(
            Enumerable.Range(1, Messages).Reverse().Select(number => (long)number),
            answer.RootElement.GetProperty("telegram_ids").EnumerateArray().Select(each => each.GetInt64()));
        Assert.Equal((401, "UNAUTHENTICATED"), (answer.RootElement.GetProperty("wrong_key").GetProperty("status").GetInt32(), answer.RootElement.GetProperty("wrong_key").GetProperty("code").GetString()));
    }
}
