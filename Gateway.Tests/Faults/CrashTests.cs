using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>Laws L1 to L4 under kill -9.</summary>
[Collection(MariaDbCollection.Name)]
public sealed class CrashTests(MariaDbFixture mariaDb, ITestOutputHelper output)
{
    private const int Rounds = 20, Connections = 32, LeastPerRound = 200;

    [Fact]
    public Task Gateway_KilledTwentyTimesOnSqlite_LosesAndRepeatsNothing() => KillAsync(null);

    [Fact]
    public async Task Gateway_KilledTwentyTimesOnMySql_LosesAndRepeatsNothing() => await KillAsync(await mariaDb.CreateUrlAsync());

    private async Task KillAsync(string? database)
    {
        Random random = Fault.Moments(output);
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(database);
        TestBot bot = await gateway.AddBotAsync(1001);
        string key = await gateway.CreateAdminKeyAsync();
        await gateway.PostAsync(bot, 1);
        using UpdatePoster poster = new(bot, Connections, firstId: 2);
        StreamConsumer[] consumers = StreamConsumer.OfEveryTransport(gateway.Address, key);
        Array.ForEach(consumers, consumer => consumer.Start());
        try
        {
            for (int round = 0; round < Rounds; round++)
            {
                Task posting = poster.RunAsync(CancellationToken.None);
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(150, 900)), TimeProvider.System);
                await gateway.KillAsync();
                await posting;
                await gateway.StartAgainAsync();
            }

            output.WriteLine($"{poster.Acknowledged.Count} acknowledged, {poster.Unknown.Count} without an answer, refused: {string.Join(", ", poster.Refusals)}");
            long[] acknowledged = [.. poster.Acknowledged.Keys];
            // Fewer, and the kills met an idle gateway: the test would show nothing.
            Assert.InRange(acknowledged.Length, Rounds * LeastPerRound, int.MaxValue);
            await EndAsync(poster, consumers);
            int before = consumers[0].Journal.Events.Count;
            await poster.RepostAsync(acknowledged);
            await EndAsync(poster, consumers);
            foreach (StreamConsumer consumer in consumers)
            {
                Fault.CompleteOnceInOrder(consumer.Journal, [1, .. acknowledged]);
                Fault.Dense(consumer.Journal);
                Assert.Equal(before + 1, consumer.Journal.Events.Count);
            }
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }

    /// <summary>Posts one more update and waits until every consumer has it: whatever came before it is with them too.</summary>
    private static async Task EndAsync(UpdatePoster poster, StreamConsumer[] consumers)
    {
        Assert.Equal(System.Net.HttpStatusCode.OK, await poster.PostNextAsync());
        foreach (StreamConsumer consumer in consumers)
        {
            await consumer.Journal.WaitForAsync(poster.LastId, Fault.Patience);
        }
    }
}
