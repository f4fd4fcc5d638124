using Gateway.Deliver.WebSocket;
using Gateway.Messages;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>The protocol of design section 5, over the plain socket; <see cref="TlsSessionTests"/> runs the same over TLS.</summary>
public class SessionTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 2, 9, 12, 0, 0, TimeSpan.Zero));
    private SocketHost host = null!;

    protected virtual bool IsTls => false;

    public async Task InitializeAsync() => host = await SocketHost.StartAsync(IsTls, time);

    public async Task DisposeAsync()
    {
        host.Log.AssertNothing();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Subscribe_ThenEvents_ArriveBareAndInOrder()
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendTextAsync("""{"action":"subscribe","id":"a","all":true}""");
        var subscribed = await socket.ReadActionAsync("subscribed");
        Assert.Equal("a", subscribed.GetProperty("id").GetString());
        await socket.ReadActionAsync("caught_up");
        await host.OfferAsync(3);
        for (var seq = 1; seq <= 3; seq++)
        {
            Assert.Equal(seq, (await socket.ReadJsonAsync()).GetProperty("seq").GetInt64());
        }
    }

    [Fact]
    public async Task Unsubscribe_StopsEvents()
    {
        using var socket = await RawSocket.OpenAsync(host, "?all=true");
        await socket.ReadActionAsync("subscribed");
        await socket.ReadActionAsync("caught_up");
        await socket.SendTextAsync("""{"action":"unsubscribe","id":"default"}""");
        await socket.ReadActionAsync("unsubscribed");
        await host.OfferAsync(1);
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");
    }

    [Fact]
    public async Task Ping_OfTheProtocol_HasATimestamp()
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendTextAsync("""{"action":"ping"}""");
        Assert.Equal("2026-02-09T12:00:00.000Z", (await socket.ReadActionAsync("pong")).GetProperty("timestamp").GetString());
    }

    [Fact]
    public async Task Ping_AsAFrame_IsAnsweredWithItsPayload()
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendAsync(ClientFrames.Frame(Opcode.Ping, "beat"u8));
        var frame = await socket.ReadFrameAsync();
        Assert.Equal(Opcode.Pong, frame!.Value.Opcode);
        Assert.Equal("beat"u8.ToArray(), frame.Value.Payload);
    }

    [Theory]
    [InlineData("nonsense", "INVALID_JSON")]
    [InlineData("[]", "INVALID_MESSAGE")]
    [InlineData("{}", "INVALID_MESSAGE")]
    [InlineData("""{"action":7}""", "INVALID_MESSAGE")]
    [InlineData("""{"action":"ping"} {}""", "INVALID_JSON")]
    [InlineData("""{"action":"\ud800"}""", "INVALID_JSON")]
    [InlineData("""{"action":"dance"}""", "UNKNOWN_ACTION")]
    [InlineData("""{"action":"ping","to":1}""", "UNKNOWN_FIELD")]
    [InlineData("""{"action":"ack","consumer":"c","seq":1}""", "NOT_AVAILABLE")]
    [InlineData("""{"action":"send","chat_id":1,"text":"a"}""", "NOT_AVAILABLE")]
    [InlineData("""{"action":"unsubscribe"}""", "INVALID_FIELD")]
    [InlineData("""{"action":"unsubscribe","id":"a","id":"b"}""", "INVALID_FIELD")]
    [InlineData("""{"action":"ping","action":"ping"}""", "INVALID_FIELD")]
    [InlineData("""{"action":7,"action":"subscribe","all":true}""", "INVALID_FIELD")]
    [InlineData("""{"action":"subscribe","all":true,"after":0,"after":8}""", "INVALID_FIELD")]
    [InlineData("""{"action":"subscribe","all":true,"types":[]}""", "INVALID_SELECTOR")]
    [InlineData("""{"action":"auth"}""", "INVALID_FIELD")]
    [InlineData("""{"action":"auth","token":"tgw_wrong"}""", "UNAUTHENTICATED")]
    public async Task Message_ThatIsWrong_IsAnErrorAndTheConnectionStays(string message, string code)
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendTextAsync(message);
        Assert.Equal(code, await socket.ReadErrorAsync());
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");
    }

    [Theory]
    [InlineData("""{"action":"subscribe","all":true,"chatids":[1]}""")]
    [InlineData("""{"action":"subscribe"}""")]
    [InlineData("""{"action":"subscribe","chat_id":999}""")]
    [InlineData("""{"action":"unsubscribe","id":"never"}""")]
    public async Task Subscription_ThatIsRefused_IsAnErrorAndTheConnectionStays(string message)
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendTextAsync(message);
        await socket.ReadErrorAsync();
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");
    }

    [Fact]
    public async Task Subscription_InTheQueryThatIsRefused_ClosesWith4003()
    {
        using var socket = await RawSocket.OpenAsync(host, "?chat_id=999");
        await socket.ReadErrorAsync();
        Assert.Equal(4003, await socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Auth_Again_RenewsToAnotherKey()
    {
        using var socket = await RawSocket.OpenAsync(host, "?all=true");
        await socket.ReadActionAsync("subscribed");
        await socket.ReadActionAsync("caught_up");
        await socket.SendTextAsync($$"""{"action":"auth","api_key":"{{host.PoorKey}}"}""");
        await socket.ReadActionAsync("authenticated");
        await socket.ReadActionAsync("access");
        await host.OfferAsync(1);
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");
    }

    [Fact]
    public async Task Refusals_OneAfterAnother_EndIn4008()
    {
        using var socket = await RawSocket.OpenAsync(host);
        for (var i = 0; i <= Limits.WebSocket.Strikes; i++)
        {
            await socket.SendTextAsync("{}");
        }
        for (var i = 0; i <= Limits.WebSocket.Strikes; i++)
        {
            Assert.Equal("INVALID_MESSAGE", await socket.ReadErrorAsync());
        }
        Assert.Equal(4008, await socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Refusals_SpreadOverTime_AreForgotten()
    {
        const int seconds = 20;
        using var socket = await RawSocket.OpenAsync(host);
        await ErrAsync(Limits.WebSocket.Strikes);
        time.Advance(TimeSpan.FromSeconds(seconds));
        await ErrAsync(seconds * Limits.WebSocket.StrikesForgottenPerSecond);
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");

        async Task ErrAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await socket.SendTextAsync("{}");
                Assert.Equal("INVALID_MESSAGE", await socket.ReadErrorAsync());
            }
        }
    }

    [Fact]
    public async Task Actions_OverTheRate_AreRefusedUntilTimePasses()
    {
        using var socket = await RawSocket.OpenAsync(host);
        byte[] pings = [.. Enumerable.Repeat(ClientFrames.Text("""{"action":"ping"}"""), Limits.WebSocket.ActionBurst + 1).SelectMany(static frame => frame)];
        await socket.SendAsync(pings);
        for (var i = 0; i < Limits.WebSocket.ActionBurst; i++)
        {
            await socket.ReadActionAsync("pong");
        }
        Assert.Equal("RATE_LIMITED", await socket.ReadErrorAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");
    }

    [Fact]
    public async Task Subscriptions_OneTooMany_IsRefused()
    {
        using var socket = await RawSocket.OpenAsync(host);
        for (var i = 0; i < Limits.Deliver.SubscriptionsPerConnection; i++)
        {
            await socket.SendTextAsync($$"""{"action":"subscribe","id":"s{{i}}","all":true}""");
            await socket.ReadActionAsync("subscribed");
            await socket.ReadActionAsync("caught_up");
        }
        await socket.SendTextAsync("""{"action":"subscribe","id":"more","all":true}""");
        Assert.Equal("TOO_MANY_SUBSCRIPTIONS", await socket.ReadErrorAsync());
    }

    [Fact]
    public async Task Message_OverTheSizeLimit_Closes1009()
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendTextAsync($$"""{"action":"ping"{{new string(' ', Limits.WebSocket.MessageBytes)}}}""");
        Assert.Equal(1009, await socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Frame_WithoutMask_Closes1002()
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendAsync(ClientFrames.Frame(Opcode.Text, "{}"u8, isMasked: false));
        Assert.Equal(1002, await socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Close_ByTheClient_IsAnsweredAndTheGatewayEndsTheConnection()
    {
        using var socket = await RawSocket.OpenAsync(host, "?all=true");
        await socket.SendAsync(ClientFrames.Close(1000, "bye"));
        Assert.Equal(1000, await socket.ReadCloseAsync());
        Assert.True(await socket.IsEndedAsync());
        await EndedAsync();
    }

    [Fact]
    public async Task Close_ByTheGateway_EndsWhenTheClientHasAnswered()
    {
        using var socket = await RawSocket.OpenAsync(host);
        var stopping = host.Hub.StopAsync(default);
        Assert.Equal(4101, await socket.ReadCloseAsync());
        await socket.SendAsync(ClientFrames.Close(4101));
        Assert.True(await socket.IsEndedAsync());
        await stopping;
        await EndedAsync();
    }

    [Fact]
    public async Task Close_ByTheGatewayThatTheClientNeverAnswers_EndsAfterTheWait()
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendAsync(ClientFrames.Frame(Opcode.Binary, "a"u8));
        Assert.Equal(1003, await socket.ReadCloseAsync());
        while (host.Census.Count > 0)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }
        Assert.True(await socket.IsEndedAsync());
    }

    [Fact]
    public async Task Client_ThatGoesAway_LeavesNothing()
    {
        var socket = await RawSocket.OpenAsync(host, "?all=true");
        await socket.ReadActionAsync("subscribed");
        socket.Dispose();
        await EndedAsync();
    }

    [Fact]
    public async Task Client_ThatStopsSendingWithoutAClose_IsLetGo()
    {
        using var socket = await RawSocket.OpenAsync(host, "?all=true");
        await socket.ReadActionAsync("subscribed");
        socket.FinishSending();
        await EndedAsync();
    }

    [Fact]
    public async Task Pings_Answered_KeepTheConnection()
    {
        using var socket = await RawSocket.OpenAsync(host);
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");
        for (var i = 0; i < 4; i++)
        {
            time.Advance(Limits.WebSocket.PingInterval);
            Assert.Equal(Opcode.Ping, (await socket.ReadFrameAsync())!.Value.Opcode);
            await socket.SendAsync(ClientFrames.Frame(Opcode.Pong, []));
            await socket.SendTextAsync("""{"action":"ping"}""");
            await socket.ReadActionAsync("pong");
            time.Advance(Limits.WebSocket.PongWait);
            await socket.SendTextAsync("""{"action":"ping"}""");
            await socket.ReadActionAsync("pong");
        }
    }

    [Fact]
    public async Task Ping_NotAnsweredInTenSeconds_Closes()
    {
        using var socket = await RawSocket.OpenAsync(host);
        // The 101 leaves before the session looks at the clock; an answer shows that it has.
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");
        time.Advance(Limits.WebSocket.PingInterval);
        Assert.Equal(Opcode.Ping, (await socket.ReadFrameAsync())!.Value.Opcode);
        time.Advance(Limits.WebSocket.PongWait);
        Assert.Equal(4100, await socket.ReadCloseAsync());
    }

    /// <summary>All sockets are gone from the endpoint's books.</summary>
    private async Task EndedAsync()
    {
        using var patience = new CancellationTokenSource(RawSocket.Patience);
        while (host.Census.Count > 0)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

/// <summary>The same suite where Kestrel encrypts, so that everything goes through its stream.</summary>
public sealed class TlsSessionTests : SessionTests
{
    protected override bool IsTls => true;
}
