using System.Net;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Faults;

/// <summary>Law L9 through the running program: every sample update goes in over HTTP and comes out unchanged.</summary>
[Collection(MariaDbCollection.Name)]
public sealed class SampleUpdateTests(MariaDbFixture mariaDb)
{
    [Fact]
    public Task Samples_PostedToSqlite_ComeBackByteForByte() => RoundTripAsync(null);

    [Fact]
    public async Task Samples_PostedToMySql_ComeBackByteForByte() => await RoundTripAsync(await mariaDb.CreateUrlAsync());

    private static async Task RoundTripAsync(string? database)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(database);
        string key = await gateway.CreateAdminKeyAsync();
        TestBot first = await gateway.AddBotAsync(1001);

        // Samples come from many sources and share update ids; each bot takes every id once, so that none is a retry of another.
        List<(TestBot Bot, HashSet<long> Seen)> bots = [(first, [])];
        List<(TestBot Bot, byte[] Body)> posts = [];
        foreach (SampleUpdates.Sample sample in SampleUpdates.All)
        {
            long id = StreamConsumer.UpdateId(sample.Body) ?? posts.Count + long.MinValue;
            int at = bots.FindIndex(bot => !bot.Seen.Contains(id));
            if (at < 0)
            {
                bots.Add((await gateway.AddBotAsync(1001 + bots.Count), []));
                at = bots.Count - 1;
            }

            bots[at].Seen.Add(id);
            posts.Add((bots[at].Bot, sample.Body));
        }

        await gateway.PostAsync(bots[^1].Bot, 1_999_999_999);
        StreamConsumer[] consumers = StreamConsumer.OfEveryTransport(gateway.Address, key);
        Array.ForEach(consumers, consumer => consumer.Start());
        try
        {
            using HttpClient client = new();
            foreach ((TestBot bot, byte[] body) in posts)
            {
                using HttpResponseMessage answer = await client.PostAsync(bot.WebhookUrl, TestUpdate.Content(body));
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }

            using HttpResponseMessage last = await client.PostAsync(first.WebhookUrl, TestUpdate.Content(2_000_000_000));
            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(2_000_000_000, Fault.Patience);
                Assert.Empty(consumer.Journal.Violations);
                ReceivedEvent[] events = [.. consumer.Journal.Events.Where(one => !one.Type.StartsWith("gateway.", StringComparison.Ordinal)).Skip(1)];
                Assert.Equal(posts.Count + 1, events.Length);
                for (int index = 0; index < posts.Count; index++)
                {
                    Assert.True(posts[index].Body.AsSpan().SequenceEqual(events[index].Update), $"{consumer.Journal.Name}: {SampleUpdates.All[index].Name}");
                }
            }
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }
}
