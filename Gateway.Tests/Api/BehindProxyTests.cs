using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Gateway.Messages;
using Gateway.Tests.Support;

namespace Gateway.Tests.Api;

/// <summary>The whole gateway, asked by a proxy on this machine in the name of others.</summary>
public sealed class BehindProxyTests
{
    private const string Mallory = "203.0.113.66";
    private const string Anna = "198.51.100.1";
    private const string Password = "horse battery staple 1";
    private static readonly (string, string) Trusting = ("Http:TrustedProxies", "192.0.2.0/24, 127.0.0.1");

    private static async Task<(HttpStatusCode Status, JsonElement Answer)> CallAsync(ComposedGateway gateway, string path, string from, string? body = null, string? key = null)
    {
        using HttpRequestMessage request = new(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null) request.Headers.Add("X-API-Key", key);
        request.Headers.Add("X-Forwarded-For", from);
        using HttpResponseMessage answer = await gateway.Client.SendAsync(request);
        using JsonDocument document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, document.RootElement.Clone());
    }

    private static async Task<HttpStatusCode> LogInAsync(ComposedGateway gateway, string name, string password, string from) =>
        (await CallAsync(gateway, "/api/v1/auth/login", from, $$"""{"name":"{{name}}","password":"{{password}}"}""")).Status;

    /// <summary>At most two shares of tries: the clock is the real one, and the window may turn meanwhile.</summary>
    private static async Task SpendLoginsAsync(ComposedGateway gateway, string from)
    {
        HttpStatusCode status = HttpStatusCode.Unauthorized;
        for (int guess = 0; guess <= 2 * Limits.Access.LoginsPerAddress && status == HttpStatusCode.Unauthorized; guess++)
        {
            status = await LogInAsync(gateway, $"guess {guess}", "wrong", from);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
    }

    private static async Task<string> AddAnnaAsync(ComposedGateway gateway)
    {
        string admin = (await gateway.CreateKeyAsync("admin", isAdmin: true)).Text;
        (HttpStatusCode status, _) = await CallAsync(gateway, "/api/v1/users", "198.51.100.9:4711", $$"""{"name":"anna","password":"{{Password}}","roles":["viewer"]}""", admin);
        Assert.Equal(HttpStatusCode.Created, status);
        return admin;
    }

    [Fact]
    public async Task WrongLogins_OfOneClientOfATrustedProxy_DoNotLockOutAnother()
    {
        await using ComposedGateway gateway = await ComposedGateway.StartAsync(Trusting);
        string admin = await AddAnnaAsync(gateway);

        // A new address of its own making for each try, and the one that the proxy adds.
        await SpendLoginsAsync(gateway, $"10.1.2.3, {Mallory}");
        Assert.Equal(HttpStatusCode.TooManyRequests, await LogInAsync(gateway, "guess", "wrong", $"{Anna}, {Mallory}, 192.0.2.80"));
        Assert.Equal(HttpStatusCode.OK, await LogInAsync(gateway, "anna", Password, $"{Mallory}, {Anna}"));

        string[] lines = [];
        await Poll.UntilAsync(
            async () =>
            {
                (_, JsonElement log) = await CallAsync(gateway, "/api/v1/audit", Anna, key: admin);
                lines = [.. log.GetProperty("audit").EnumerateArray().Select(line =>
                    $"{line.GetProperty("action").GetString()} {line.GetProperty("outcome").GetString()} {line.GetProperty("address").GetString()}")];
                return lines.Contains($"auth.login_limited denied {Mallory}");
            },
            TimeSpan.FromSeconds(20),
            () => string.Join('\n', lines));
        Assert.Contains($"auth.login denied {Mallory}", lines);
        Assert.Contains($"auth.login done {Anna}", lines);
        Assert.Contains("user.add done 198.51.100.9", lines);
        Assert.DoesNotContain(lines, line => line.Contains("127.0.0.1", StringComparison.Ordinal) || line.Contains("10.1.2.3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WrongLogins_WithAHeaderThatNobodyIsTrustedToWrite_CountForThePeer()
    {
        await using ComposedGateway gateway = await ComposedGateway.StartAsync(("Http:TrustedProxies", "192.0.2.0/24"));
        await AddAnnaAsync(gateway);
        await SpendLoginsAsync(gateway, Mallory);
        Assert.Equal(HttpStatusCode.TooManyRequests, await LogInAsync(gateway, "anna", Password, Anna));
    }

    [Fact]
    public async Task Strangers_OfOneClientOfATrustedProxy_TakeNoPlacesOfAnother()
    {
        const int Share = 2;
        await using ComposedGateway gateway = await ComposedGateway.StartAsync(Trusting, ("WebSocket:MaxUnauthenticatedPerAddress", $"{Share}"));
        List<ClientWebSocket> open = [];
        async Task<HttpStatusCode> ConnectAsync(string from)
        {
            ClientWebSocket socket = new();
            open.Add(socket);
            socket.Options.SetRequestHeader("X-Forwarded-For", from);
            socket.Options.CollectHttpResponseDetails = true;
            try
            {
                await socket.ConnectAsync(new Uri($"ws://{gateway.Address.Authority}/api/v1/ws"), CancellationToken.None);
            }
            catch (WebSocketException)
            {
                Assert.NotEqual(WebSocketState.Open, socket.State);
            }

            return socket.HttpStatusCode;
        }

        for (int at = 0; at < Share; at++) Assert.Equal(HttpStatusCode.SwitchingProtocols, await ConnectAsync(Mallory));
        Assert.Equal(HttpStatusCode.TooManyRequests, await ConnectAsync(Mallory));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, await ConnectAsync(Anna));
        open.ForEach(socket => socket.Dispose());
    }
}
