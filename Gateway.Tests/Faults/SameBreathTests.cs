using System.Globalization;
using System.Net;
using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.Faults;

/// <summary>What a command wrote beside a running server holds for the request that follows it, on both databases.</summary>
[Collection(MariaDbCollection.Name)]
public sealed class SameBreathTests(MariaDbFixture mariaDb)
{
    private const int Bots = 4, Keys = 4;

    // TestUpdate's first chat is the first of the log.
    private const string FirstChat = "chat_id=1", FirstBot = "bot_ids=1";

    /// <summary>Regression: within 250 ms after <c>bot add</c> an update was answered 401, and Telegram would have shown the operator a broken webhook.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BotAdd_AndAnUpdateAtOnce_IsStored(bool onMariaDb)
    {
        await using GatewayProcess gateway = await StartAsync(onMariaDb);
        string key = await gateway.CreateAdminKeyAsync();
        for (int bot = 1; bot <= Bots; bot++)
        {
            await gateway.PostAsync(await gateway.AddBotAsync(1000 + bot), bot);
        }

        Assert.Equal((HttpStatusCode.OK, Bots), await PullAsync(gateway, key, "all=true"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ApiKeyCreate_AndARequestAtOnce_IsAnswered(bool onMariaDb)
    {
        await using GatewayProcess gateway = await StartAsync(onMariaDb);
        for (int key = 0; key < Keys; key++)
        {
            Assert.Equal((HttpStatusCode.OK, 0), await PullAsync(gateway, await gateway.CreateAdminKeyAsync(), "all=true"));
        }
    }

    /// <summary>Regression: a key in use got <c>CHAT_NOT_FOUND</c>, or an empty answer, within 250 ms after its grant.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Grant_AndARequestAtOnce_IsAnswered(bool onMariaDb)
    {
        await using GatewayProcess gateway = await StartAsync(onMariaDb);
        await gateway.PostAsync(await gateway.AddBotAsync(1001), 1);
        foreach (var (grant, query) in (((string[], string)[])[(["chat", "--chat", "1"], FirstChat), (["bot", "--bot", "1"], FirstBot), (["bot", "--bot", "1"], "all=true")]))
        {
            JsonElement created = await gateway.CommandAsync("apikey", "create", "--name", $"reader-{query}", "--rate", "100000", "--burst", "1000000");
            string key = created.GetProperty("key").GetString()!;
            string id = created.GetProperty("id").GetInt64().ToString(CultureInfo.InvariantCulture);
            Assert.NotEqual((HttpStatusCode.OK, 1), await PullAsync(gateway, key, query));
            await gateway.CommandAsync(["grant", grant[0], "--key", id, .. grant[1..], "--read"]);
            Assert.Equal((HttpStatusCode.OK, 1), await PullAsync(gateway, key, query));
        }
    }

    private async Task<GatewayProcess> StartAsync(bool onMariaDb) =>
        await GatewayProcess.StartAsync(onMariaDb ? await mariaDb.CreateUrlAsync() : null);

    /// <summary>The status and the number of events.</summary>
    private static async Task<(HttpStatusCode Status, int Events)> PullAsync(GatewayProcess gateway, string key, string query)
    {
        using HttpClient client = new();
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        using HttpResponseMessage answer = await client.GetAsync($"{gateway.Address}/api/v1/events?after=0&{query}");
        using JsonDocument body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, body.RootElement.TryGetProperty("events", out JsonElement events) ? events.GetArrayLength() : 0);
    }
}
