using System.Globalization;
using System.Net;
using System.Text;
using Gateway.Access;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>
/// Law L7 on the running program against its cache's worst moment: the database has answered what is granted, and before the gateway hears the answer
/// the grant is taken away. A relay in front of the database keeps the answer back, and the revoke goes to the database directly: no word of it comes to
/// the gateway but the control version that it reads.
/// </summary>
[Collection(MariaDbCollection.Name)]
public sealed class RevokeLoaderTests(MariaDbFixture mariaDb, ITestOutputHelper output)
{
    private const long Kept = 1, Changing = 2;
    private const int Posted = 20, Attempts = 5;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The loader of a key that opens its first stream. Where the version watcher sees the revoke meanwhile, nobody would load that key again: what was read
    /// must not be kept, and not one event comes. Where it does not, what is kept ends at its next look.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Revoke_WhileTheGrantsOfANewStreamAreRead_NothingIsSentASecondLater(bool isSeen)
    {
        Uri url = new(await mariaDb.CreateUrlAsync());
        byte[] held = [];
        int reads = 0;
        await using TcpProxy relay = new(url.Port)
        {
            OnPacket = packet => IsOf(packet, Volatile.Read(ref held)) && Interlocked.Increment(ref reads) == 1 ? PacketFate.ForwardThenHoldReply : PacketFate.Forward,
        };
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(Through(relay, url));
        TestBot bot = await gateway.AddBotAsync(1001);
        using HttpClient stranger = new() { BaseAddress = new Uri(gateway.Address) };
        stranger.DefaultRequestHeaders.Add("X-API-Key", (await Fault.CreateKeyAsync(gateway)).Credential);
        using ChatPoster kept = new(bot, Kept), changing = new(bot, Changing);
        await kept.PostAsync(1);
        await changing.PostAsync(Posted);
        foreach (Func<string, StreamConsumer> transport in (Func<string, StreamConsumer>[])[
            key => new WebSocketConsumer(gateway.Address, key, "all=true"), key => new SseConsumer(gateway.Address, key, "all=true"), key => new PullConsumer(gateway.Address, key, "all=true")])
        {
            // An answer that is kept back for longer than the gateway waits for it is no answer: on a machine that stalls, try again.
            for (int attempt = 1; !await IsShownAsync(transport); attempt++)
            {
                Assert.True(attempt < Attempts, "the loader did not wait for the answer in any attempt");
            }
        }

        async Task<bool> IsShownAsync(Func<string, StreamConsumer> transport)
        {
            (PrincipalId id, string credential) = await Fault.CreateKeyAsync(gateway);
            await using GrantWriter writer = GrantWriter.Open(url.AbsoluteUri, gateway.DataFolder, id);
            string condition = await GrantBothAsync(writer);
            await IsRefusedAsync(stranger);
            Volatile.Write(ref reads, 0);
            Volatile.Write(ref held, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"WHERE g.principal_kind = {(int)id.Kind} AND g.principal_id IN ({id.Id})")));
            await using StreamConsumer consumer = transport(credential);
            consumer.Start();
            await relay.ReplyHeld.WaitAsync(Fault.Patience);
            await writer.RevokeAsync(condition);
            if (isSeen)
            {
                await IsRefusedAsync(stranger);
            }

            relay.ReleaseReplies();
            await Task.Delay(isSeen ? TimeSpan.Zero : Bound, TimeProvider.System);
            (long from, long to) = await changing.PostManyAsync(Posted);
            await Fault.AllHaveAsync([consumer], kept);
            Journal journal = consumer.Journal;
            long[] ids = [.. journal.Events.Select(one => one.UpdateId!.Value)];
            output.WriteLine($"{journal.Name}: {ids.Count(one => one >= ChatPoster.FirstIdOf(Changing))} events of the chat, its grants read {Volatile.Read(ref reads)} times, {journal.LastDisconnect}");
            Assert.Empty(journal.Violations);
            Assert.DoesNotContain(ids, one => one >= (isSeen ? ChatPoster.FirstIdOf(Changing) : from) && one <= to);
            return journal.LastDisconnect is null;
        }
    }

    /// <summary>
    /// The loader of streams that run, which reads again because something else has changed. Its answer comes at once after the revoke, and holds the grant;
    /// or no answer comes for longer than permissions may be old, and the gateway holds delivery. The chat's events never pause.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Revoke_WhileTheGrantsOfRunningStreamsAreReadAgain_NothingIsSentASecondLater(bool isLong)
    {
        Uri url = new(await mariaDb.CreateUrlAsync());
        bool isArmed = false;
        int reads = 0;
        await using TcpProxy relay = new(url.Port)
        {
            OnPacket = packet => Volatile.Read(ref isArmed) && IsOf(packet, "FROM grants g "u8) && (Interlocked.Increment(ref reads) == 1 || isLong)
                ? PacketFate.ForwardThenHoldReply : PacketFate.Forward,
        };
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(Through(relay, url));
        TestBot bot = await gateway.AddBotAsync(1001);
        (PrincipalId id, string credential) = await Fault.CreateKeyAsync(gateway);
        await using GrantWriter writer = GrantWriter.Open(url.AbsoluteUri, gateway.DataFolder, id);
        await using GrantWriter other = GrantWriter.Open(url.AbsoluteUri, gateway.DataFolder, PrincipalId.Key(id.Id + 1));
        using ChatPoster kept = new(bot, Kept), changing = new(bot, Changing);
        await kept.PostAsync(1);
        await changing.PostAsync(1);
        string condition = await GrantBothAsync(writer);

        StreamConsumer[] consumers = StreamConsumer.MeteredOfEveryTransport(gateway.Address, credential, receiveBufferBytes: 64 * 1024);
        LateEvents chat = new(consumers, Changing);
        using CancellationTokenSource end = new();
        Task posting = Task.CompletedTask;
        try
        {
            Array.ForEach(consumers, consumer => consumer.Start());
            posting = changing.RunAsync(end.Token);
            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(ChatPoster.FirstIdOf(Changing) + Posted, Fault.Patience);
            }

            Volatile.Write(ref isArmed, true);
            await GrantBothAsync(other);
            await relay.ReplyHeld.WaitAsync(Fault.Patience);
            await writer.RevokeAsync(condition);
            if (!isLong)
            {
                relay.ReleaseReplies();
            }

            await Task.Delay(Bound, TimeProvider.System);
            chat.Mark();
            long atMark = changing.LastId;
            await Poll.UntilAsync(() => changing.LastId > atMark + Posted, Fault.Patience, () => $"posted {changing.LastId}");
            if (isLong)
            {
                await Task.Delay(Bound, TimeProvider.System);
                Volatile.Write(ref isArmed, false);
                relay.ReleaseReplies();
            }

            await Fault.AllHaveAsync(consumers, kept);
            output.WriteLine($"{changing.LastId - ChatPoster.FirstIdOf(Changing)} posted, grants read {Volatile.Read(ref reads)} times");
            for (int index = 0; index < consumers.Length; index++)
            {
                output.WriteLine(chat.Describe(index));
                Assert.Empty(consumers[index].Journal.Violations);
                Assert.Equal(0, chat.Late(index));
            }
        }
        finally
        {
            await end.CancelAsync();
            await posting;
            await Fault.DisposeAllAsync(consumers);
        }
    }

    /// <summary>Answers the condition of the grant on the chat that changes.</summary>
    private static async Task<string> GrantBothAsync(GrantWriter writer)
    {
        long chatId = await writer.ChatIdAsync(Changing);
        await writer.GrantAsync("chat_id", $"{await writer.ChatIdAsync(Kept)}");
        await writer.GrantAsync("chat_id", $"{chatId}");
        return string.Create(CultureInfo.InvariantCulture, $"chat_id = {chatId}");
    }

    /// <summary>Who lacks a permission is told so only after a look at the database that began after the call: what was committed before is seen then.</summary>
    private static async Task IsRefusedAsync(HttpClient stranger)
    {
        using HttpResponseMessage answer = await stranger.GetAsync("/api/v1/audit");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private static bool IsOf(ReadOnlyMemory<byte> packet, ReadOnlySpan<byte> words) => !words.IsEmpty && TcpProxy.IsQueryWith(packet, words);

    private static string Through(TcpProxy relay, Uri url) => new UriBuilder(url) { Port = relay.Port }.Uri.AbsoluteUri;
}
