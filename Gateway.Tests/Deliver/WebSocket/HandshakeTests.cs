using System.Net.WebSockets;
using System.Text.Json;
using Gateway.Deliver.WebSocket;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Deliver.WebSocket;

public sealed class HandshakeTests : IAsyncLifetime
{
    private SocketHost host = null!;

    public async Task InitializeAsync() => host = await SocketHost.StartAsync();

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public void Accept_OfTheRfcExample_IsTheRfcs() => Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Handshake.Accept("dGhlIHNhbXBsZSBub25jZQ=="));

    [Fact]
    public async Task Upgrade_WithAKey_IsAnswered101WithTheAcceptValue()
    {
        using var socket = await RawSocket.AskAsync(host, "", $"X-API-Key: {host.Key}\r\n");
        var head = await socket.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", head, StringComparison.Ordinal);
        Assert.Equal(Handshake.HeadBytes, head.Length);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: short", 400, "WEBSOCKET_KEY")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426, "WEBSOCKET_VERSION")]
    [InlineData("Connection: Upgrade", "Connection: keep-alive", 426, "UPGRADE_REQUIRED")]
    [InlineData("Upgrade: websocket\r", "Upgrade: other\r", 426, "UPGRADE_REQUIRED")]
    [InlineData("X-Filler: 1", "Origin: https://elsewhere.example", 403, "FOREIGN_ORIGIN")]
    [InlineData("X-Filler: 1", "Origin: null", 403, "FOREIGN_ORIGIN")]
    [InlineData("X-Filler: 1", "X-API-Key: tgw_wrong", 401, "UNAUTHENTICATED")]
    public async Task Upgrade_WithSomethingWrong_IsRefused(string right, string wrong, int status, string code)
    {
        using var socket = await RawSocket.ConnectAsync(host);
        var request = System.Text.Encoding.ASCII.GetString(RawSocket.Request("", "X-Filler: 1\r\n"));
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(request.Replace(right, wrong, StringComparison.Ordinal)));
        await AssertRefusedAsync(socket, status, code);
    }

    [Theory]
    [InlineData("?chat_id=nonsense", 400)]
    [InlineData("?chat_ids_=1", 400)]
    public async Task Upgrade_WithAQueryThatIsNoSubscription_Is400(string query, int status)
    {
        using var socket = await RawSocket.AskAsync(host, query, $"X-API-Key: {host.Key}\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Origin: http://localhost\r\n")]
    [InlineData("Origin: https://localhost:443\r\n")]
    public async Task Upgrade_FromOwnOrigin_IsAccepted(string origin)
    {
        using var socket = await RawSocket.AskAsync(host, $"?token={host.Key}", origin);
        Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upgrade_FromAConfiguredOrigin_IsAccepted()
    {
        await using var open = await SocketHost.StartAsync(options: new SocketOptions { AllowedOrigins = ["https://app.example"] });
        using var socket = await RawSocket.AskAsync(open, $"?api_key={open.Key}", "Origin: https://app.example\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upgrade_WithATicket_IsAcceptedOnce()
    {
        var ticket = await host.TicketAsync(host.Key);
        using var socket = await RawSocket.AskAsync(host, $"?all=true&ticket={ticket}", "");
        Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
        using var again = await RawSocket.AskAsync(host, $"?ticket={ticket}", "");
        Assert.StartsWith("HTTP/1.1 401 ", await again.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Browser_WithABadCredential_IsAcceptedAndClosed4001()
    {
        using var socket = await RawSocket.AskAsync(host, "?token=tgw_wrong", "Origin: http://localhost\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(4001, await socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Credentials_TwoDifferent_Are400()
    {
        using var socket = await RawSocket.AskAsync(host, $"?token={host.Key}", $"X-API-Key: {host.PoorKey}\r\n");
        await AssertRefusedAsync(socket, 400, "CONFLICTING_CREDENTIALS");
    }

    [Fact]
    public async Task Auth_ByFirstMessage_OpensTheQuerysSubscription()
    {
        using var socket = await RawSocket.AskAsync(host, "?all=true");
        await socket.ReadHeadAsync();
        await socket.SendTextAsync("""{"action":"subscribe","all":true}""");
        Assert.Equal("UNAUTHENTICATED", await socket.ReadErrorAsync());
        await socket.SendTextAsync($$"""{"action":"auth","token":"{{host.Key}}"}""");
        await socket.ReadActionAsync("authenticated");
        Assert.Equal("default", (await socket.ReadActionAsync("subscribed")).GetProperty("id").GetString());
    }

    [Fact]
    public async Task Auth_ByAWrongFirstMessage_Closes4001()
    {
        using var socket = await RawSocket.AskAsync(host, "");
        await socket.ReadHeadAsync();
        await socket.SendTextAsync("""{"action":"auth","token":"tgw_wrong"}""");
        Assert.Equal(4001, await socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Auth_NotInTime_Closes4001()
    {
        var time = new FakeTimeProvider();
        await using var slow = await SocketHost.StartAsync(time: time);
        using var socket = await RawSocket.AskAsync(slow, "");
        await socket.ReadHeadAsync();
        await socket.SendTextAsync("""{"action":"ping"}""");
        await socket.ReadActionAsync("pong");
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(4001, await socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Sockets_OverTheProcessesBound_Are503WithRetryAfter()
    {
        await using var small = await SocketHost.StartAsync(options: new SocketOptions { MaxSockets = 1 });
        using var first = await RawSocket.OpenAsync(small);
        using var second = await RawSocket.AskAsync(small, "", $"X-API-Key: {small.Key}\r\n");
        Assert.Contains("Retry-After: ", await AssertRefusedAsync(second, 503, "TOO_MANY_CONNECTIONS"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sockets_OverAKeysBound_Are429AndOthersAreNotConcerned()
    {
        await using var small = await SocketHost.StartAsync(options: new SocketOptions { MaxSocketsPerKey = 1 });
        using var first = await RawSocket.OpenAsync(small);
        using var second = await RawSocket.AskAsync(small, "", $"X-API-Key: {small.Key}\r\n");
        await AssertRefusedAsync(second, 429, "TOO_MANY_CONNECTIONS");
        using var other = await RawSocket.AskAsync(small, "", $"X-API-Key: {small.PoorKey}\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await other.ReadHeadAsync(), StringComparison.Ordinal);
    }

    /// <summary>Regression: sockets that had not authenticated filled the process's bound, and every key was answered 503.</summary>
    [Fact]
    public async Task Strangers_AtTheirBound_Are503AndTakeNoPlaceOfAKey()
    {
        await using var small = await SocketHost.StartAsync(options: new SocketOptions { MaxSockets = 1, MaxUnauthenticated = 2 });
        using var first = await RawSocket.AskAsync(small, "");
        Assert.StartsWith("HTTP/1.1 101 ", await first.ReadHeadAsync(), StringComparison.Ordinal);
        // A browser with a bad credential has an open socket as well, until it has read the code.
        using var second = await RawSocket.AskAsync(small, "?token=tgw_wrong", "Origin: http://localhost\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await second.ReadHeadAsync(), StringComparison.Ordinal);
        using var third = await RawSocket.AskAsync(small, "");
        Assert.Contains("Retry-After: ", await AssertRefusedAsync(third, 503, "TOO_MANY_CONNECTIONS"), StringComparison.Ordinal);
        using var browser = await RawSocket.AskAsync(small, "?token=tgw_wrong", "Origin: http://localhost\r\n");
        await AssertRefusedAsync(browser, 503, "TOO_MANY_CONNECTIONS");
        using var known = await RawSocket.OpenAsync(small);
    }

    [Fact]
    public async Task Strangers_OfOneAddressAtTheirBound_Are429AndTakeNoPlaceOfAKey()
    {
        await using var small = await SocketHost.StartAsync(options: new SocketOptions { MaxUnauthenticatedPerAddress = 1 });
        using var first = await RawSocket.AskAsync(small, "");
        Assert.StartsWith("HTTP/1.1 101 ", await first.ReadHeadAsync(), StringComparison.Ordinal);
        using var second = await RawSocket.AskAsync(small, "");
        Assert.Contains("Retry-After: ", await AssertRefusedAsync(second, 429, "TOO_MANY_CONNECTIONS"), StringComparison.Ordinal);
        using var known = await RawSocket.OpenAsync(small);
    }

    [Fact]
    public async Task Stranger_ThatAuthenticates_IsCountedAsItsKeysFromThen()
    {
        await using var small = await SocketHost.StartAsync(options: new SocketOptions { MaxSockets = 1, MaxUnauthenticated = 1 });
        using var first = await RawSocket.AskAsync(small, "");
        await first.ReadHeadAsync();
        await first.SendTextAsync($$"""{"action":"auth","token":"{{small.Key}}"}""");
        await first.ReadActionAsync("authenticated");
        using var second = await RawSocket.AskAsync(small, "");
        Assert.StartsWith("HTTP/1.1 101 ", await second.ReadHeadAsync(), StringComparison.Ordinal);
        await second.SendTextAsync($$"""{"action":"auth","token":"{{small.PoorKey}}"}""");
        Assert.Equal("TOO_MANY_CONNECTIONS", await second.ReadErrorAsync());
        Assert.Equal(4103, await second.ReadCloseAsync());
        // The place in the process is given back with the socket that had it.
        first.Dispose();
        second.Dispose();
        await EndedAsync(small);
        using var third = await RawSocket.OpenAsync(small);
    }

    /// <summary>Regression: a socket that never authenticated was waited for as long as any other, 30 s; the test's patience is shorter.</summary>
    [Fact]
    public async Task Stranger_ThatNeverAnswersTheClose_IsEndedSoon()
    {
        using var socket = await RawSocket.AskAsync(host, "?token=tgw_wrong", "Origin: http://localhost\r\n");
        await socket.ReadHeadAsync();
        Assert.Equal(4001, await socket.ReadCloseAsync());
        Assert.True(await socket.IsEndedAsync());
        await EndedAsync(host);
    }

    private static async Task EndedAsync(SocketHost host)
    {
        using var patience = new CancellationTokenSource(RawSocket.Patience);
        while (host.Census.Count > 0)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Handshake_ByteByByteWithFramesBehindIt_IsServed()
    {
        using var socket = await RawSocket.ConnectAsync(host);
        byte[] all = [.. RawSocket.Request("", $"X-API-Key: {host.Key}\r\n"), .. ClientFrames.Text("""{"action":"ping"}""")];
        foreach (var one in all)
        {
            await socket.SendAsync([one]);
        }
        Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
        await socket.ReadActionAsync("pong");
    }

    [Fact]
    public async Task Client_OfTheRuntime_ConnectsAndClosesInOrder()
    {
        using var client = new ClientWebSocket();
        client.Options.SetRequestHeader("Authorization", $"Bearer {host.Key}");
        await client.ConnectAsync(new Uri($"ws://localhost:{host.Port}/api/v1/ws"), default);
        await client.SendAsync("""{"action":"ping"}"""u8.ToArray(), WebSocketMessageType.Text, true, default);
        var buffer = new byte[1000];
        var answer = await client.ReceiveAsync(buffer, default);
        Assert.Equal("pong", JsonDocument.Parse(buffer.AsMemory(0, answer.Count)).RootElement.GetProperty("action").GetString());
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default).WaitAsync(RawSocket.Patience);
        Assert.Equal(WebSocketState.Closed, client.State);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
    }

    private static async Task<string> AssertRefusedAsync(RawSocket socket, int status, string code)
    {
        var head = await socket.ReadHeadAsync();
        Assert.StartsWith($"HTTP/1.1 {status} ", head, StringComparison.Ordinal);
        Assert.Equal(code, JsonDocument.Parse(await socket.ReadBodyAsync(head)).RootElement.GetProperty("code").GetString());
        return head;
    }
}
