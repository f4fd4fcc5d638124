using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>
/// WebSockets over HTTP/2 (RFC 8441), as browsers open them where a server offers it. Regression: the listener offered it and answered 405,
/// and the test host spoke HTTP/1.1 only.
/// </summary>
public sealed class Http2SocketTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 2, 9, 12, 0, 0, TimeSpan.Zero));
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    });

    private SocketHost host = null!;

    public async Task InitializeAsync() => host = await SocketHost.StartAsync(isTls: true, time);

    public async Task DisposeAsync()
    {
        http.Dispose();
        host.Log.AssertNothing();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Socket_OpenedByExtendedConnect_IsServedAndClosesInOrder()
    {
        using var client = await OpenAsync("?all=true");
        Assert.Equal("subscribed", (await ReadAsync(client)).GetProperty("action").GetString());
        Assert.Equal("caught_up", (await ReadAsync(client)).GetProperty("action").GetString());
        await host.OfferAsync(3);
        for (var seq = 1; seq <= 3; seq++)
        {
            Assert.Equal(seq, (await ReadAsync(client)).GetProperty("seq").GetInt64());
        }
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default).WaitAsync(RawSocket.Patience);
        Assert.Equal((WebSocketState.Closed, WebSocketCloseStatus.NormalClosure), (client.State, client.CloseStatus));
        await CountAsync(0);
    }

    [Fact]
    public async Task Socket_WithoutACredential_AuthenticatesByItsFirstMessage()
    {
        using var client = await OpenAsync(host, "", key: null);
        await SendAsync(client, $$"""{"action":"auth","token":"{{host.Key}}"}""");
        Assert.Equal("authenticated", (await ReadAsync(client)).GetProperty("action").GetString());
    }

    /// <summary>To the server the client's messages are the body of a request, which has a bound of 2 MiB.</summary>
    [Fact]
    public async Task Socket_ThatSendsMoreThanABody_StaysOpen()
    {
        using var client = await OpenAsync("");
        var message = $$"""{"action":"ping"{{new string(' ', 60_000)}}}""";
        for (var i = 0; i < 60; i++)
        {
            await SendAsync(client, message);
            Assert.Equal("pong", (await ReadAsync(client)).GetProperty("action").GetString());
        }
    }

    /// <summary>12 MB past a client that takes nothing for a while: flow control stops the stream in the middle of a frame.</summary>
    [Fact]
    public async Task Socket_ThatReadsLate_GetsEverythingWholeAndInOrder()
    {
        const int Events = 600;
        using var client = await OpenAsync("?all=true");
        for (var batch = 0; batch < Events / 20; batch++)
        {
            await host.OfferAsync(20, 20_000);
        }
        var last = 0L;
        while (last < Events)
        {
            var json = await ReadAsync(client);
            if (json.TryGetProperty("type", out _))
            {
                Assert.Equal(last + 1, json.GetProperty("seq").GetInt64());
                last++;
            }
        }
    }

    /// <summary>A socket is one stream of a connection that others share: its end, however it comes, is not theirs.</summary>
    [Fact]
    public async Task Sockets_OfOneConnection_EndAlone()
    {
        using var lasting = await OpenAsync("?all=true");
        await ReadAsync(lasting);
        await ReadAsync(lasting);
        var aborted = await OpenAsync("?all=true");
        await ReadAsync(aborted);
        await CountAsync(2);
        aborted.Abort();
        await CountAsync(1);

        // This one takes nothing and never answers the close: it is cut in the end.
        using var silent = await OpenAsync("?all=true");
        await CountAsync(2);
        for (var batch = 0; batch < 10; batch++)
        {
            await host.OfferAsync(20, 20_000);
            await ReadEventsAsync(lasting, 20);
        }
        await silent.SendAsync("a"u8.ToArray(), WebSocketMessageType.Binary, true, default);
        while (host.Census.Count > 1)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await SendAsync(lasting, """{"action":"ping"}""");
            while ((await ReadAsync(lasting)).GetProperty("action").GetString() != "pong")
            {
            }
        }
        await host.OfferAsync(3);
        await ReadEventsAsync(lasting, 3);
    }

    [Fact]
    public async Task Socket_IdleForLongerThanTheServersTimeouts_StaysOpen()
    {
        var second = TimeSpan.FromSeconds(1);
        await using var strict = await SocketHost.StartAsync(isTls: true, limits: limits =>
        {
            limits.KeepAliveTimeout = second;
            limits.RequestHeadersTimeout = second;
            limits.MinRequestBodyDataRate = new MinDataRate(100_000, second + second);
        });
        using var client = await OpenAsync(strict, "", strict.Key);
        // The server looks at its timeouts once a second: after five it has looked at all of them.
        var answer = ReadAsync(client);
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromSeconds(5)));
        await SendAsync(client, """{"action":"ping"}""");
        Assert.Equal("pong", (await answer).GetProperty("action").GetString());
    }

    [Theory]
    [InlineData("websocket", "sec-websocket-version", "8", 426, "WEBSOCKET_VERSION")]
    [InlineData("websocket", "origin", "https://elsewhere.example", 403, "FOREIGN_ORIGIN")]
    [InlineData("websocket", "x-api-key", "tgw_wrong", 401, "UNAUTHENTICATED")]
    [InlineData("connect-udp", "x-filler", "1", 426, "UPGRADE_REQUIRED")]
    [InlineData(null, "x-filler", "1", 426, "UPGRADE_REQUIRED")]
    public async Task Connect_WithSomethingWrong_IsRefused(string? protocol, string header, string value, int status, string code)
    {
        using var request = new HttpRequestMessage(protocol is null ? HttpMethod.Get : HttpMethod.Connect, $"https://localhost:{host.Port}/api/v1/ws")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Protocol = protocol;
        if (header != "sec-websocket-version")
        {
            request.Headers.Add("sec-websocket-version", "13");
        }
        request.Headers.Add(header, value);
        using var response = await http.SendAsync(request, default).WaitAsync(RawSocket.Patience);
        Assert.Equal(status, (int)response.StatusCode);
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(code, body.RootElement.GetProperty("code").GetString());
    }

    private async Task<ClientWebSocket> OpenAsync(string query) => await OpenAsync(host, query, host.Key);

    private async Task<ClientWebSocket> OpenAsync(SocketHost to, string query, string? key)
    {
        var client = new ClientWebSocket();
        client.Options.HttpVersion = HttpVersion.Version20;
        client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        if (key is not null)
        {
            client.Options.SetRequestHeader("X-API-Key", key);
        }
        await client.ConnectAsync(new Uri($"wss://localhost:{to.Port}/api/v1/ws{query}"), http, default).WaitAsync(RawSocket.Patience);
        return client;
    }

    private static Task SendAsync(ClientWebSocket client, string text) =>
        client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default).WaitAsync(RawSocket.Patience);

    private static async Task<JsonElement> ReadAsync(ClientWebSocket client)
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (true)
        {
            var part = await client.ReceiveAsync(buffer.AsMemory(length), default).AsTask().WaitAsync(RawSocket.Patience);
            Assert.Equal(WebSocketMessageType.Text, part.MessageType);
            length += part.Count;
            if (part.EndOfMessage)
            {
                return JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement;
            }
        }
    }

    private static async Task ReadEventsAsync(ClientWebSocket client, int count)
    {
        while (count > 0)
        {
            count -= (await ReadAsync(client)).TryGetProperty("type", out _) ? 1 : 0;
        }
    }

    private async Task CountAsync(int sockets)
    {
        using var patience = new CancellationTokenSource(RawSocket.Patience);
        while (host.Census.Count != sockets)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
