using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Access;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>
/// Law L7 on the running program, in both directions and on every transport: streams that run follow grants within a second, of chats, bots and
/// threads, though nothing but the control version tells of a change: gateways send each other no message about it that could be lost or late, they look.
/// Each change here is a transaction that this process commits in the gateway's database (<see cref="GrantWriter"/>); the gateway's process is told nothing.
/// </summary>
[Collection(MariaDbCollection.Name)]
public sealed class GrantFollowTests(MariaDbFixture mariaDb, ITestOutputHelper output)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);

    private const long Kept = 1, Changing = 2, Thread = ChatPoster.Thread;

    [Theory]
    [InlineData("chat", false)]
    [InlineData("chat", false, true)]
    [InlineData("bot", false)]
    [InlineData("thread", false)]
    [InlineData("chat", true)]
    [InlineData("thread", true)]
    public async Task Grant_TakenAndGivenAgain_EveryTransportFollowsWithinASecond(string kind, bool isMySql, bool isUser = false)
    {
        string? database = isMySql ? await mariaDb.CreateUrlAsync() : null;
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(database);
        TestBot keptBot = await gateway.AddBotAsync(1001);
        TestBot bot = await gateway.AddBotAsync(1002);
        (PrincipalId id, string credential) = isUser ? await LogInAsync(gateway) : await Fault.CreateKeyAsync(gateway);
        await using GrantWriter writer = GrantWriter.Open(database, gateway.DataFolder, id);
        using ChatPoster kept = new(keptBot, Kept), changing = new(bot, Changing);
        await kept.PostAsync(1);
        await changing.PostAsync(1);
        long chatId = await writer.ChatIdAsync(Changing);
        (string columns, string values, string condition) = kind switch
        {
            "chat" => ("chat_id", $"{chatId}", $"chat_id = {chatId}"),
            "bot" => ("bot_id", $"{bot.Id}", $"bot_id = {bot.Id}"),
            _ => ("chat_id, thread_id", $"{chatId}, {Thread}", $"chat_id = {chatId}"),
        };
        await writer.GrantAsync("chat_id", $"{await writer.ChatIdAsync(Kept)}");
        await writer.GrantAsync(columns, values);

        StreamConsumer[] consumers = StreamConsumer.OfEveryTransport(gateway.Address, credential);
        try
        {
            await StartAsync(consumers, kept, changing);
            await writer.RevokeAsync(condition);
            await Task.Delay(Bound, TimeProvider.System);
            (long From, long To) silent = await changing.PostManyAsync(20);
            await Fault.AllHaveAsync(consumers, kept);
            await writer.GrantAsync(columns, values);
            await Task.Delay(Bound, TimeProvider.System);
            (long From, long To) again = await changing.PostManyAsync(20);
            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(again.To, Fault.Patience);
                Journal journal = consumer.Journal;
                long[] ids = [.. journal.Events.Select(one => one.UpdateId!.Value)];
                output.WriteLine($"{journal.Name}: {ids.Length} events, {string.Join(" ", journal.Accesses.Select(access => $"{access.Json} after {access.EventsBefore}"))}");
                Assert.Empty(journal.Violations);
                Assert.DoesNotContain(ids, id => id >= silent.From && id <= silent.To);
                Assert.Equal(20, ids.Count(id => id >= again.From && id <= again.To));
                Told(journal, kind, kind == "bot" ? bot.Id : chatId);
            }
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }

    /// <summary>
    /// The process stands still across the revoke, while another writes to its log. Its peers have read everything that the kernel held long before it
    /// wakes, so what comes then is what it sent after it woke. A WebSocket gets nothing of the chat. An HTTP answer may get what lay in the server's
    /// output buffer, 64 KiB at most, when the signal came.
    /// </summary>
    [Fact]
    public async Task Gateway_StoppedAcrossTheRevoke_SendsNothingOfTheChatAfterItWakes()
    {
        string database = await mariaDb.CreateUrlAsync();
        await using GatewayProcess frozen = await GatewayProcess.StartAsync(database);
        await using GatewayProcess other = await GatewayProcess.StartAsync(database);
        TestBot bot = await other.AddBotAsync(1001);
        JsonElement key = await other.CommandAsync("apikey", "create", "--name", "reader");
        await using GrantWriter writer = GrantWriter.Open(database, frozen.DataFolder, PrincipalId.Key(key.GetProperty("id").GetInt64()));
        using ChatPoster kept = new(bot, Kept), changing = new(bot, Changing);
        await kept.PostAsync(1);
        await changing.PostAsync(1);
        long chatId = await writer.ChatIdAsync(Changing);
        await writer.GrantAsync("chat_id", $"{await writer.ChatIdAsync(Kept)}");
        await writer.GrantAsync("chat_id", $"{chatId}");

        StreamConsumer[] consumers = StreamConsumer.OfEveryTransport(frozen.Address, key.GetProperty("key").GetString()!);
        try
        {
            await StartAsync(consumers, kept, changing);
            using CancellationTokenSource end = new();
            Task posting = changing.RunAsync(end.Token);
            long before = changing.LastId;
            await Poll.UntilAsync(() => changing.LastId > before + 200, Fault.Patience, () => $"posted {changing.LastId}");
            frozen.Freeze();
            await writer.RevokeAsync($"chat_id = {chatId}");
            await Task.Delay(Bound + Bound, TimeProvider.System);
            int[] atWake = [.. consumers.Select(consumer => Count(consumer.Journal))];
            frozen.Thaw();
            await Task.Delay(Bound, TimeProvider.System);
            await end.CancelAsync();
            await posting;
            await Fault.AllHaveAsync(consumers, kept);
            for (int index = 0; index < consumers.Length; index++)
            {
                Journal journal = consumers[index].Journal;
                int late = Count(journal) - atWake[index];
                output.WriteLine($"{journal.Name}: {atWake[index]} events of the chat when it woke, {late} after; {journal.Connections} connections");
                Assert.Empty(journal.Violations);
                Assert.Equal(0, late);
            }
        }
        finally
        {
            frozen.Thaw();
            await Fault.DisposeAllAsync(consumers);
        }
    }

    /// <summary>
    /// Regression: the rest of a send that a stalled peer had not taken left as soon as the process woke and the peer read, before it had heard of the
    /// revoke. What the kernel held is read while the process stands still, and not counted.
    /// </summary>
    [Theory]
    [InlineData("WebSocket")]
    [InlineData("SSE")]
    public async Task Gateway_StoppedAcrossTheRevoke_TheRestForAStalledPeerDoesNotLeave(string transport)
    {
        const int EventBytes = 100_000, Events = 150;
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        JsonElement key = await gateway.CommandAsync("apikey", "create", "--name", "reader");
        string text = key.GetProperty("key").GetString()!;
        await using GrantWriter writer = GrantWriter.Open(null, gateway.DataFolder, PrincipalId.Key(key.GetProperty("id").GetInt64()));
        using ChatPoster kept = new(bot, Kept), changing = new(bot, Changing) { PaddingBytes = EventBytes };
        await kept.PostAsync(1);
        await changing.PostAsync(1);
        long chatId = await writer.ChatIdAsync(Changing);
        await writer.GrantAsync("chat_id", $"{await writer.ChatIdAsync(Kept)}");
        await writer.GrantAsync("chat_id", $"{chatId}");
        await using StreamConsumer consumer = StreamConsumer.MeteredOfEveryTransport(gateway.Address, text, 64 * 1024).Single(one => one.Journal.Name == transport);
        consumer.Start();
        await consumer.Journal.WaitForAsync(changing.LastId, Fault.Patience);
        consumer.Meter!.Pause();
        await changing.PostManyAsync(Events);
        await Fault.StalledAsync(gateway);
        gateway.Freeze();
        await writer.RevokeAsync($"chat_id = {chatId}");
        int atWake;
        try
        {
            consumer.Meter!.Resume();
            await Task.Delay(Bound + Bound, TimeProvider.System);
            atWake = Count(consumer.Journal);
        }
        finally
        {
            gateway.Thaw();
        }

        await Fault.AllHaveAsync([consumer], kept);
        int late = Count(consumer.Journal) - atWake;
        output.WriteLine($"{atWake} of {Events} events when it woke, {late} after; {consumer.Journal.Connections} connections, {consumer.Journal.LastDisconnect}");
        // Or all of it was in the kernel, and nothing was shown.
        Assert.InRange(atWake, 1, Events - 20);
        Assert.Equal(0, late);
        Assert.Equal(2, consumer.Journal.Connections);
        Assert.Empty(consumer.Journal.Violations);
    }

    private static async Task<(PrincipalId Id, string Credential)> LogInAsync(GatewayProcess gateway)
    {
        const string Password = "correct horse battery staple 7";
        string file = Path.Combine(gateway.DataFolder, "password");
        await File.WriteAllTextAsync(file, Password);
        JsonElement user = await gateway.CommandAsync("user", "add", "--name", "ada", "--role", "viewer", "--password-file", file);
        using HttpClient client = new();
        using HttpResponseMessage answer = await client.PostAsync($"{gateway.Address}/api/v1/auth/login", TestUpdate.Content(Encoding.UTF8.GetBytes($$"""{"name":"ada","password":"{{Password}}"}""")));
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, body);
        using JsonDocument login = JsonDocument.Parse(body);
        return (PrincipalId.User(user.GetProperty("id").GetInt64()), login.RootElement.GetProperty("access_token").GetString()!);
    }

    private static int Count(Journal journal) => journal.Events.Count(one => one.UpdateId >= ChatPoster.FirstIdOf(Changing));

    /// <summary>Starts them, and shows that both chats come.</summary>
    private static async Task StartAsync(StreamConsumer[] consumers, ChatPoster kept, ChatPoster changing)
    {
        Array.ForEach(consumers, consumer => consumer.Start());
        foreach (StreamConsumer consumer in consumers)
        {
            await consumer.Journal.WaitForAsync(kept.LastId, Fault.Patience);
        }

        await changing.PostManyAsync(5);
        foreach (StreamConsumer consumer in consumers)
        {
            await consumer.Journal.WaitForAsync(changing.LastId, Fault.Patience);
        }
    }

    private static void Told(Journal journal, string kind, long id)
    {
        if (journal.Name == "pull")
        {
            Assert.Empty(journal.Accesses);
            return;
        }

        string expected = kind switch { "thread" => $"\"chat_id\":{id},\"thread_id\":{Thread},", _ => $"\"{kind}_id\":{id}," };
        Assert.Equal(2, journal.Accesses.Count);
        Assert.Contains(expected + "\"can_read\":false", journal.Accesses[0].Json, StringComparison.Ordinal);
        Assert.Contains(expected + "\"can_read\":true", journal.Accesses[1].Json, StringComparison.Ordinal);
        // Nothing of the chat between the two, and it goes on behind the second.
        long[] ids = [.. journal.Events.Select(one => one.UpdateId!.Value)];
        int last = Array.FindLastIndex(ids, journal.Accesses[0].EventsBefore == 0 ? 0 : journal.Accesses[0].EventsBefore - 1, one => one >= ChatPoster.FirstIdOf(Changing));
        int next = Array.FindIndex(ids, journal.Accesses[0].EventsBefore, one => one >= ChatPoster.FirstIdOf(Changing));
        Assert.InRange(last, 0, journal.Accesses[0].EventsBefore - 1);
        Assert.InRange(next, journal.Accesses[1].EventsBefore, int.MaxValue);
    }
}
