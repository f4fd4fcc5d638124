using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Faults;

/// <summary>
/// Law L7 on the running program: a grant never crosses realms or bots. Telegram gives the chats of a business connection, of guest calls and of
/// another bot the same id as the bot's own chat; to a key with the own chat they do not exist.
/// </summary>
public sealed class GrantScopeTests
{
    private const long Chat = 4711;

    [Fact]
    public async Task Key_WithTheOwnChat_SeesNothingOfOtherRealmsAndBotsWithTheSameId()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        TestBot other = await gateway.AddBotAsync(1002);
        string admin = await gateway.CreateAdminKeyAsync();
        JsonElement created = await gateway.CommandAsync("apikey", "create", "--name", "reader", "--rate", "100000", "--burst", "1000000");
        await gateway.CommandAsync("grant", "chat", "--key", created.GetProperty("id").GetRawText(), "--chat", $"tg:{bot.Id}:{Chat}", "--read");
        string key = created.GetProperty("key").GetString()!;
        using HttpClient client = new() { BaseAddress = new Uri(gateway.Address) };

        StreamConsumer[] live = [.. StreamConsumer.OfEveryTransport(gateway.Address, key), .. StreamConsumer.OfEveryTransport(gateway.Address, key, $"chat_id=tg:{bot.Id}:{Chat}")];
        StreamConsumer[] late = [.. StreamConsumer.OfEveryTransport(gateway.Address, key), .. StreamConsumer.OfEveryTransport(gateway.Address, key, $"chat_id=tg:{bot.Id}:{Chat}")];
        try
        {
            await PostAsync(client, bot, 1, "message", "own");
            await StartAsync(live, 1);
            await PostAsync(client, bot, 2, "business_message", "business", "\"business_connection_id\":\"bc1\",");
            await PostAsync(client, bot, 3, "guest_message", "guest", "\"guest_query_id\":\"g1\",");
            await PostAsync(client, other, 4, "message", "other bot");
            await PostAsync(client, bot, 5, "message", "own again");
            await StartAsync(late, 5);
            foreach (StreamConsumer consumer in (StreamConsumer[])[.. live, .. late])
            {
                await consumer.Journal.WaitForAsync(5, Fault.Patience);
                Assert.Equal([1, 5], consumer.Journal.Events.Select(received => received.UpdateId!.Value));
                Assert.Empty(consumer.Journal.Violations);
            }

            using JsonDocument all = JsonDocument.Parse(await GetAsync(client, admin, "all=true&after=0", HttpStatusCode.OK));
            JsonElement[] events = [.. all.RootElement.GetProperty("events").EnumerateArray()];
            Assert.Equal(5, events.Length);
            Assert.All(events, one => Assert.Equal(Chat, one.GetProperty("telegram_chat_id").GetInt64()));
            long[] chats = [.. events.Select(one => one.GetProperty("chat_id").GetInt64()).Distinct()];
            Assert.Equal(4, chats.Length);
            string nowhere = await GetAsync(client, key, "chat_id=987654&after=0", HttpStatusCode.NotFound);
            foreach (long chat in chats[1..])
            {
                Assert.Equal(WithoutRequestId(nowhere), WithoutRequestId(await GetAsync(client, key, $"chat_id={chat}&after=0", HttpStatusCode.NotFound)));
            }

            await GetAsync(client, key, $"chat_id=tg:{other.Id}:{Chat}&after=0", HttpStatusCode.NotFound);
            await GetAsync(client, key, $"bot_id={bot.Id}&after=0", HttpStatusCode.NotFound);
        }
        finally
        {
            await Fault.DisposeAllAsync(live);
            await Fault.DisposeAllAsync(late);
        }
    }

    private static async Task StartAsync(StreamConsumer[] consumers, long first)
    {
        foreach (StreamConsumer consumer in consumers)
        {
            consumer.Start();
            await consumer.Journal.WaitForAsync(first, Fault.Patience);
        }
    }

    private static async Task PostAsync(HttpClient client, TestBot bot, long updateId, string kind, string text, string extra = "")
    {
        byte[] body = Encoding.UTF8.GetBytes(
            $$$"""{"update_id":{{{updateId}}},"{{{kind}}}":{"message_id":{{{updateId}}},{{{extra}}}"date":1790000000,"chat":{"id":{{{Chat}}},"type":"private","first_name":"Ada"},"text":"{{{text}}}"}}""");
        using HttpResponseMessage answer = await client.PostAsync(bot.WebhookUrl, TestUpdate.Content(body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<string> GetAsync(HttpClient client, string key, string query, HttpStatusCode expected)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/v1/events?" + query);
        request.Headers.Add("X-API-Key", key);
        using HttpResponseMessage answer = await client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == expected, $"{query}: {answer.StatusCode} {text}");
        return text;
    }

    private static string WithoutRequestId(string error)
    {
        using JsonDocument document = JsonDocument.Parse(error);
        return $"{document.RootElement.GetProperty("error").GetString()} {document.RootElement.GetProperty("code").GetString()}";
    }
}
