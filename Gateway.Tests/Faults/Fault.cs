using System.Text.Json;
using Gateway.Access;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>What every fault test asks of its consumers in the end.</summary>
internal static class Fault
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Other moments in each run, and the same ones again with the seed that a failed run told.</summary>
    public static Random Moments(ITestOutputHelper output)
    {
        int seed = Environment.GetEnvironmentVariable("GATEWAY_TEST_SEED") is { Length: > 0 } text ? int.Parse(text) : Environment.TickCount;
        output.WriteLine($"GATEWAY_TEST_SEED={seed}");
        return new Random(seed);
    }

    /// <summary>Every expected update came once, nothing else came twice, in seq order, with the bytes that were posted.</summary>
    public static void CompleteOnceInOrder(Journal journal, IEnumerable<long> expected, int paddingBytes = 0)
    {
        Assert.Empty(journal.Violations);
        IReadOnlyList<ReceivedEvent> events = journal.Events;
        HashSet<long> seen = [];
        foreach (ReceivedEvent received in events)
        {
            long id = Assert.NotNull(received.UpdateId);
            Assert.True(seen.Add(id), $"{journal.Name}: update {id} came twice, again as seq {received.Seq}");
            Assert.Equal(TestUpdate.Body(id, paddingBytes), received.Update);
        }

        long[] missing = [.. expected.Where(id => !seen.Contains(id)).Order()];
        Assert.True(missing.Length == 0, $"{journal.Name}: {missing.Length} acknowledged updates are missing, the first is {missing.FirstOrDefault()}");
    }

    /// <summary>The log has no holes: the events of a consumer of everything are numbered without one.</summary>
    public static void Dense(Journal journal)
    {
        IReadOnlyList<ReceivedEvent> events = journal.Events;
        for (int index = 1; index < events.Count; index++)
        {
            Assert.Equal(events[index - 1].Seq + 1, events[index].Seq);
        }
    }

    public static async Task DisposeAllAsync(IEnumerable<StreamConsumer> consumers)
    {
        foreach (StreamConsumer consumer in consumers)
        {
            await consumer.DisposeAsync();
        }
    }

    public static async Task<(PrincipalId Id, string Credential)> CreateKeyAsync(GatewayProcess gateway)
    {
        JsonElement key = await gateway.CommandAsync("apikey", "create", "--name", "reader");
        return (PrincipalId.Key(key.GetProperty("id").GetInt64()), key.GetProperty("key").GetString()!);
    }

    /// <summary>Everything that may come up to now has come: an event of the other chat behind it is there.</summary>
    public static async Task AllHaveAsync(StreamConsumer[] consumers, ChatPoster kept)
    {
        (long _, long proof) = await kept.PostManyAsync(1);
        foreach (StreamConsumer consumer in consumers)
        {
            await consumer.Journal.WaitForAsync(proof, Fault.Patience);
        }
    }

    /// <summary>Something has been delivered, and nothing more for ten looks: what there is waits for the peer.</summary>
    public static async Task StalledAsync(GatewayProcess gateway)
    {
        string last = "";
        int same = 0;
        await Poll.UntilAsync(
            async () =>
            {
                string now = (await gateway.TextOfAsync("/metrics")).Split('\n').SingleOrDefault(line => line.StartsWith("gateway_deliver_deliveries_total", StringComparison.Ordinal)) ?? "";
                same = now.Length > 0 && now == last ? same + 1 : 0;
                last = now;
                return same >= 10;
            },
            Fault.Patience,
            () => last);
    }
}
