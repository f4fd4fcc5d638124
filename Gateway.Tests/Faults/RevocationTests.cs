using System.Globalization;
using System.Text.Json;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>Law L7 on the running program: a grant that is taken away ends its chat on every transport within a second, and nothing else.</summary>
[Collection(MariaDbCollection.Name)]
public sealed class RevocationTests(MariaDbFixture mariaDb, ITestOutputHelper output)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);

    // TestUpdate: update n is of the private chat 1000 + n % 7.
    private const int Chats = 7, Revoked = 0, Kept = 1;

    [Fact]
    public Task Grant_RevokedWhileStreamsRunOnSqlite_EndsTheChatWithinASecond() => RevokeAsync(null);

    [Fact]
    public async Task Grant_RevokedWhileStreamsRunOnMySql_EndsTheChatWithinASecond() => await RevokeAsync(await mariaDb.CreateUrlAsync());

    private async Task RevokeAsync(string? database)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(database);
        TestBot bot = await gateway.AddBotAsync(1001);
        JsonElement key = await gateway.CommandAsync("apikey", "create", "--name", "reader", "--rate", "100000", "--burst", "1000000");
        long revoked = await GrantAsync(gateway, key, bot, Revoked);
        await GrantAsync(gateway, key, bot, Kept);
        await gateway.PostAsync(bot, 1);

        using UpdatePoster poster = new(bot, connections: 2, firstId: 2);
        StreamConsumer[] consumers = StreamConsumer.OfEveryTransport(gateway.Address, key.GetProperty("key").GetString()!);
        Array.ForEach(consumers, consumer => consumer.Start());
        try
        {
            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(1, Fault.Patience);
            }

            using CancellationTokenSource end = new();
            Task posting = poster.RunAsync(end.Token);
            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(Chats * 5, Fault.Patience);
            }

            await gateway.CommandAsync("grant", "revoke", "--id", revoked.ToString(CultureInfo.InvariantCulture));
            await Task.Delay(Bound, TimeProvider.System);
            // Whatever is posted from here on is later than the bound, however late a consumer of this process reads it.
            long boundary = poster.LastId + 1;
            await Poll.UntilAsync(() => poster.LastId >= boundary + (Chats * 20), Fault.Patience, () => $"posted up to {poster.LastId}, boundary {boundary}");
            await end.CancelAsync();
            await posting;
            long proof = ((poster.LastId / Chats) + 1) * Chats + Kept;
            Assert.Equal(System.Net.HttpStatusCode.OK, await poster.PostAsync(proof));
            foreach (StreamConsumer consumer in consumers)
            {
                Journal journal = consumer.Journal;
                await journal.WaitForAsync(proof, Fault.Patience);
                long[] ids = [.. journal.Events.Select(received => received.UpdateId!.Value)];
                output.WriteLine($"{journal.Name}: {ids.Length} events, boundary {boundary}, last of the revoked chat {ids.Where(id => id % Chats == Revoked).Max()}");
                Assert.Empty(journal.Violations);
                Assert.All(ids, id => Assert.True(id % Chats is Revoked or Kept, $"{journal.Name}: update {id} is of a chat that was never granted"));
                Assert.DoesNotContain(ids, id => id % Chats == Revoked && id > boundary);
                Assert.InRange(ids.Count(id => id % Chats == Kept && id > boundary), 15, int.MaxValue);
            }
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }

    /// <summary>Regression: a socket that had stopped reading got megabytes of the chat seconds after its grant was gone.</summary>
    [Fact]
    public async Task Grant_RevokedWhileASocketTakesNothing_WhatWaitsForItDoesNotComeLater()
    {
        const int Events = 80, EventBytes = 100_000, Most = 10;
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        JsonElement key = await gateway.CommandAsync("apikey", "create", "--name", "reader", "--rate", "100000", "--burst", "1000000");
        long revoked = await GrantAsync(gateway, key, bot, Revoked);
        await GrantAsync(gateway, key, bot, Kept);
        await gateway.PostAsync(bot, 1);
        using UpdatePoster poster = new(bot, connections: 1) { PaddingBytes = EventBytes };
        await using WebSocketConsumer consumer = new(gateway.Address, key.GetProperty("key").GetString()!, "all=true") { ReceiveBufferBytes = 64 * 1024 };
        consumer.Start();
        await consumer.Journal.WaitForAsync(1, Fault.Patience);
        consumer.PauseReading();
        for (int number = 1; number <= Events; number++)
        {
            Assert.Equal(System.Net.HttpStatusCode.OK, await poster.PostAsync(number * Chats));
        }

        await gateway.CommandAsync("grant", "revoke", "--id", revoked.ToString(CultureInfo.InvariantCulture));
        await Task.Delay(Bound, TimeProvider.System);
        consumer.ResumeReading();
        const long Proof = (Chats * (Events + 1)) + Kept;
        Assert.Equal(System.Net.HttpStatusCode.OK, await poster.PostAsync(Proof));
        await consumer.Journal.WaitForAsync(Proof, Fault.Patience);

        // What the peer's own system had received is the peer's; the gateway and its system held megabytes.
        int late = consumer.Journal.Events.Count(received => received.UpdateId % Chats == Revoked);
        output.WriteLine($"{late} of {Events} events of the revoked chat, {consumer.Journal.Connections} connections");
        Assert.InRange(late, 0, Most);
        Assert.Equal(2, consumer.Journal.Connections);
        Assert.Empty(consumer.Journal.Violations);
    }

    private static async Task<long> GrantAsync(GatewayProcess gateway, JsonElement key, TestBot bot, int chat)
    {
        JsonElement grant = await gateway.CommandAsync("grant", "chat", "--key", key.GetProperty("id").GetRawText(), "--chat", $"tg:{bot.Id}:{1000 + chat}", "--read");
        return grant.GetProperty("id").GetInt64();
    }
}
