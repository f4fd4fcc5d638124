using System.Globalization;
using Gateway.Access;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>
/// Law L7 on the running program while more than ten thousand events of the chat wait for the subscriber, on every transport: nothing of it is sent
/// later than a second after the revoke has committed.
/// </summary>
/// <remarks>
/// "Sent" is told by bytes (<see cref="PeerMeter"/>): a second after the commit the test notes, of each connection, how much was read, how much lies in
/// the peer's kernel and how much in that of the gateway, which has left the gateway and cannot be called back. An event that ends beyond those bytes was
/// sent later. Where the gateway has cut the connection its kernel's part is gone, and what the peer's kernel had received is all there is.
/// </remarks>
[Collection(MariaDbCollection.Name)]
public sealed class RevokeQueuedTests(MariaDbFixture mariaDb, ITestOutputHelper output)
{
    private const long Kept = 1, Changing = 2;
    private const int Waiting = 10_000, ReceiveBufferBytes = 64 * 1024;

    // 1,200 bytes each: the kernels take some 2.7 MB on a connection, 2,300 events. A pull's answer of 500 is smaller than that.
    private const int Events = Waiting + 3_000, PaddingBytes = 1_000;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);

    /// <summary>The peers take nothing when the revoke comes, and read again a second after it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Revoke_WhileTenThousandWaitForPeersThatTakeNothing_NothingIsSentASecondLater(bool isKey)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        (PrincipalId id, string credential) = await Fault.CreateKeyAsync(gateway);
        await using GrantWriter writer = GrantWriter.Open(null, gateway.DataFolder, id);
        using ChatPoster kept = new(bot, Kept), changing = new(bot, Changing) { PaddingBytes = PaddingBytes };
        string condition = await BacklogAsync(writer, kept, changing);

        StreamConsumer[] consumers = StreamConsumer.MeteredOfEveryTransport(gateway.Address, credential, ReceiveBufferBytes);
        LateEvents chat = new(consumers, Changing);
        try
        {
            foreach (StreamConsumer consumer in consumers)
            {
                PeerMeter meter = consumer.Meter!;
                Action<ReceivedEvent, long> count = consumer.Journal.Arrived!;
                consumer.Journal.Arrived = (received, at) =>
                {
                    count(received, at);
                    if (received.UpdateId == ChatPoster.FirstIdOf(Changing))
                    {
                        meter.Pause();
                    }
                };
                consumer.Start();
            }

            foreach (StreamConsumer consumer in consumers)
            {
                await consumer.Journal.WaitForAsync(ChatPoster.FirstIdOf(Changing), Fault.Patience);
            }

            await Fault.StalledAsync(gateway);
            await (isKey ? writer.RevokeKeyAsync() : writer.RevokeAsync(condition));
            await Task.Delay(Bound, TimeProvider.System);
            chat.Mark();
            Array.ForEach(consumers, consumer => consumer.Meter!.Resume());
            await (isKey ? AllRefusedAsync(consumers) : Fault.AllHaveAsync(consumers, kept));
            AssertNothingLate(consumers, chat);
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }

    /// <summary>
    /// The peers read whatever comes; what waits is a page that the database has answered and the gateway has not heard: of the chat alone, and read when
    /// it was still granted.
    /// </summary>
    [Fact]
    public async Task Revoke_WhileAPageOfTheTenThousandIsOnItsWayFromTheDatabase_NothingOfItIsSent()
    {
        Uri url = new(await mariaDb.CreateUrlAsync());
        // Pages of what may be read of all; those without a chat bring the live events to the gateway.
        const int PagesBefore = 2;
        int pages = 0;
        bool isHolding = true;
        await using TcpProxy relay = new(url.Port)
        {
            OnPacket = packet => TcpProxy.IsQueryWith(packet, "(events_chat)"u8) && Volatile.Read(ref isHolding) && Interlocked.Increment(ref pages) > PagesBefore
                ? PacketFate.ForwardThenHoldReply : PacketFate.Forward,
        };
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new UriBuilder(url) { Port = relay.Port }.Uri.AbsoluteUri);
        TestBot bot = await gateway.AddBotAsync(1001);
        (PrincipalId id, string credential) = await Fault.CreateKeyAsync(gateway);
        await using GrantWriter writer = GrantWriter.Open(url.AbsoluteUri, gateway.DataFolder, id);
        using ChatPoster kept = new(bot, Kept), changing = new(bot, Changing);
        string condition = await BacklogAsync(writer, kept, changing);

        StreamConsumer[] consumers = StreamConsumer.MeteredOfEveryTransport(gateway.Address, credential, ReceiveBufferBytes);
        LateEvents chat = new(consumers, Changing);
        try
        {
            Array.ForEach(consumers, consumer => consumer.Start());
            await relay.ReplyHeld.WaitAsync(Fault.Patience);
            await writer.RevokeAsync(condition);
            await Task.Delay(Bound, TimeProvider.System);
            chat.Mark();
            Volatile.Write(ref isHolding, false);
            relay.ReleaseReplies();
            await Fault.AllHaveAsync(consumers, kept);
            AssertNothingLate(consumers, chat);
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }

    /// <summary>An answer of four megabytes, more than the kernels take, to a peer that reads none of it until a second after the revoke.</summary>
    [Fact]
    public async Task Revoke_WhileAPeerTakesNothingOfAPullsAnswer_TheRestIsNotSentASecondLater()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        TestBot bot = await gateway.AddBotAsync(1001);
        (PrincipalId id, string credential) = await Fault.CreateKeyAsync(gateway);
        await using GrantWriter writer = GrantWriter.Open(null, gateway.DataFolder, id);
        using ChatPoster kept = new(bot, Kept), changing = new(bot, Changing) { PaddingBytes = 20_000 };
        string condition = await BacklogAsync(writer, kept, changing, 600);

        StreamConsumer[] consumers = [new PullConsumer(gateway.Address, credential, "all=true") { ReceiveBufferBytes = ReceiveBufferBytes, Meter = new PeerMeter() }];
        LateEvents chat = new(consumers, Changing);
        try
        {
            consumers[0].Meter!.Pause();
            consumers[0].Start();
            await Fault.StalledAsync(gateway);
            await writer.RevokeAsync(condition);
            await Task.Delay(Bound, TimeProvider.System);
            chat.Mark();
            consumers[0].Meter!.Resume();
            await Fault.AllHaveAsync(consumers, kept);
            output.WriteLine(chat.Describe(0));
            Assert.Equal(0, chat.Late(0));
        }
        finally
        {
            await Fault.DisposeAllAsync(consumers);
        }
    }

    /// <summary>Both chats are granted, and of the one that changes there is more than the number. Answers the condition of its grant.</summary>
    private static async Task<string> BacklogAsync(GrantWriter writer, ChatPoster kept, ChatPoster changing, int events = Events)
    {
        await kept.PostAsync(1);
        await changing.PostAsync(1);
        long chatId = await writer.ChatIdAsync(Changing);
        await writer.GrantAsync("chat_id", $"{await writer.ChatIdAsync(Kept)}");
        await writer.GrantAsync("chat_id", $"{chatId}");
        await changing.PostBacklogAsync(events);
        return string.Create(CultureInfo.InvariantCulture, $"chat_id = {chatId}");
    }

    private static async Task AllRefusedAsync(StreamConsumer[] consumers)
    {
        foreach (StreamConsumer consumer in consumers)
        {
            Journal journal = consumer.Journal;
            await Poll.UntilAsync(() => journal.LastDisconnect?.Contains("401", StringComparison.Ordinal) == true, Fault.Patience, () => $"{journal.Name}: {journal.LastDisconnect}");
        }
    }

    private void AssertNothingLate(StreamConsumer[] consumers, LateEvents chat)
    {
        for (int index = 0; index < consumers.Length; index++)
        {
            output.WriteLine(chat.Describe(index));
        }

        for (int index = 0; index < consumers.Length; index++)
        {
            Assert.Empty(consumers[index].Journal.Violations);
            Assert.Equal(0, chat.Late(index));
            // The others of them waited until the end.
            Assert.InRange(chat.All(index), 0, Events - Waiting);
        }
    }
}
