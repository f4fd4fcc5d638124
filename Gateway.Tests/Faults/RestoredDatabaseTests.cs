using System.Net;
using System.Text.Json;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>Law L3 when the database is restored from an older copy: no <c>(log_id, seq)</c> ever names two payloads.</summary>
public sealed class RestoredDatabaseTests(ITestOutputHelper output)
{
    [Fact]
    public Task Sqlite_OlderCopyRestored_NamesNoPositionTwice() => RestoreSqliteAsync((gateway, _) => gateway.StopAsync());

    /// <summary>An orderly stop writes the highest seq it saw to its file; a kill leaves only what was written while it ran.</summary>
    [Fact]
    public Task Sqlite_KilledAndOlderCopyRestored_NamesNoPositionTwice() => RestoreSqliteAsync(async (gateway, seen) =>
    {
        await HighWaterAsync(gateway, seen);
        await gateway.KillAsync();
    });

    private async Task RestoreSqliteAsync(Func<GatewayProcess, long, Task> end)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        string copy = Directory.CreateTempSubdirectory("gateway-copy-").FullName;
        await RestoreAsync(gateway,
            async () =>
            {
                await gateway.StopAsync();
                foreach (string file in DatabaseFiles(gateway.DataFolder))
                {
                    File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
                }

                await gateway.StartAgainAsync();
            },
            async seen =>
            {
                await end(gateway, seen);
                foreach (string file in DatabaseFiles(gateway.DataFolder))
                {
                    File.Delete(file);
                }

                foreach (string file in Directory.GetFiles(copy))
                {
                    File.Copy(file, Path.Combine(gateway.DataFolder, Path.GetFileName(file)));
                }

                await gateway.StartAgainAsync();
            });
        Directory.Delete(copy, recursive: true);
    }

    /// <summary>Returns when the gateway's once-a-second write has this seq.</summary>
    private static Task HighWaterAsync(GatewayProcess gateway, long seq)
    {
        string path = Path.Combine(gateway.DataFolder, Gateway.Log.HighWaterFile.FileName);
        return Poll.UntilAsync(() => File.Exists(path) && WrittenSeq(path) >= seq, Fault.Patience, () => $"{path} has {seq}");
    }

    private static long WrittenSeq(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.GetProperty("seen").EnumerateArray().Max(entry => entry.GetProperty("seq").GetInt64());
    }

    [Fact]
    public async Task MySql_OlderCopyRestoredUnderARunningGateway_NamesNoPositionTwice()
    {
        await using MariaDbServer server = await MariaDbServer.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(server.UrlOf(await server.CreateDatabaseAsync()));
        await RestoreAsync(gateway, server.BackUpAsync, _ => server.RestoreAsync());
    }

    [Fact]
    public async Task MySql_Killed_LosesNoAcknowledgedUpdate()
    {
        await using MariaDbServer server = await MariaDbServer.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(server.UrlOf(await server.CreateDatabaseAsync()));
        TestBot bot = await gateway.AddBotAsync(1001);
        string key = await gateway.CreateAdminKeyAsync();
        await gateway.PostAsync(bot, 1);
        using UpdatePoster poster = new(bot, 16, firstId: 2);
        StreamConsumer[] consumers = StreamConsumer.OfEveryTransport(gateway.Address, key);
        Array.ForEach(consumers, consumer => consumer.Start());
        try
        {
            await PostForAsync(poster, TimeSpan.FromSeconds(1), server.Kill);
            await server.StartAgainAsync();
            await gateway.ReadyAsync(Fault.Patience);
            long[] acknowledged = [.. poster.Acknowledged.Keys];
            Assert.Equal(HttpStatusCode.OK, await poster.PostNextAsync());
            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(poster.LastId, Fault.Patience);
                Fault.CompleteOnceInOrder(consumer.Journal, [1, .. acknowledged]);
                Assert.Empty(consumer.Journal.Gaps);
            }

            OnePayloadPerPosition(consumers);
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }

    private async Task RestoreAsync(GatewayProcess gateway, Func<Task> copy, Func<long, Task> restore)
    {
        TestBot bot = await gateway.AddBotAsync(1001);
        string key = await gateway.CreateAdminKeyAsync();
        await gateway.PostAsync(bot, 1);
        using UpdatePoster poster = new(bot, 8, firstId: 2);
        StreamConsumer[] consumers = StreamConsumer.OfEveryTransport(gateway.Address, key);
        Array.ForEach(consumers, consumer => consumer.Start());
        try
        {
            await PostForAsync(poster, TimeSpan.FromMilliseconds(500), null);
            await copy();
            await gateway.ReadyAsync(Fault.Patience);
            await PostForAsync(poster, TimeSpan.FromSeconds(1), null);
            Assert.Equal(HttpStatusCode.OK, await poster.PostNextAsync());
            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(poster.LastId, Fault.Patience);
            }

            (string oldLog, long seen) = Assert.NotNull(consumers[0].Journal.Position);
            await restore(seen);
            await gateway.ReadyAsync(Fault.Patience);
            await PostForAsync(poster, TimeSpan.FromMilliseconds(500), null);
            Assert.Equal(HttpStatusCode.OK, await poster.PostNextAsync());
            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(poster.LastId, Fault.Patience);
                Assert.Empty(consumer.Journal.Violations);
                output.WriteLine($"{consumer.Journal.Name}: {string.Join(' ', consumer.Journal.Gaps)}");
                Assert.Contains(consumer.Journal.Gaps, gap => gap.Contains("log_reset", StringComparison.Ordinal));
            }

            OnePayloadPerPosition(consumers);
            (string newLog, long now) = Assert.NotNull(consumers[0].Journal.Position);
            Assert.NotEqual(oldLog, newLog);
            Assert.InRange(now, seen + 1, long.MaxValue);
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }

    private static void OnePayloadPerPosition(StreamConsumer[] consumers)
    {
        Dictionary<(string, long), string> payloads = [];
        foreach (ReceivedEvent received in consumers.SelectMany(consumer => consumer.Journal.Events))
        {
            string hash = TestUpdate.Hash(received.Update);
            Assert.True(payloads.TryAdd((received.LogId, received.Seq), hash) || payloads[(received.LogId, received.Seq)] == hash,
                $"{received.LogId}-{received.Seq} names two payloads");
        }
    }

    private static async Task PostForAsync(UpdatePoster poster, TimeSpan time, Action? then)
    {
        using CancellationTokenSource end = new();
        Task posting = poster.RunAsync(end.Token);
        await Task.Delay(time, TimeProvider.System);
        then?.Invoke();
        await end.CancelAsync();
        await posting;
    }

    private static string[] DatabaseFiles(string folder) => Directory.GetFiles(folder, "*.db*");
}
