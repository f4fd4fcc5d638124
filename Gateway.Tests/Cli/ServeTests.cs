using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Gateway.Messages;
using Gateway.Tests.Support;

namespace Gateway.Tests.Cli;

/// <summary>The serving process from outside: first run, second run, lock, signals.</summary>
public sealed partial class ServeTests : IDisposable
{
    private readonly GatewayProgram gateway = new();
    private readonly HttpClient client = new();

    [Fact]
    public async Task FirstRun_ShowsItsSecretsOnce_AndTheSecondNone()
    {
        var first = await gateway.ServeAsync();
        var key = ApiKey().Match(first.Banner).Value;
        Assert.Contains("Admin password", first.Banner, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(first, "/health")).StatusCode);
        var stopped = await first.StopAsync();
        Assert.Equal(0, stopped.ExitCode);
        Assert.DoesNotContain(key, stopped.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("critical", stopped.Log, StringComparison.Ordinal);

        var second = await gateway.ServeAsync();
        Assert.DoesNotMatch(ApiKey(), second.Banner);
        Assert.DoesNotContain("password", second.Banner, StringComparison.Ordinal);
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(second, "/api/v1/events?all=true&after=0")).StatusCode);
        Assert.Equal(0, (await second.StopAsync()).ExitCode);
    }

    /// <summary>Regression: the secrets were made before listening, and a busy port lost them for ever.</summary>
    [Fact]
    public async Task FirstRun_ThatCannotListen_LosesNoSecret()
    {
        using var occupied = new TcpListener(IPAddress.Loopback, 0);
        occupied.Start();
        var refused = await gateway.RunAsync("serve", "--http", $"{occupied.LocalEndpoint}");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("cannot listen", refused.Errors, StringComparison.Ordinal);

        Assert.Matches(ApiKey(), (await gateway.ServeAsync()).Banner);
    }

    /// <summary>Regression: an address that is not this machine's, and a certificate that is none, ended in an unhandled exception's stack.</summary>
    [Fact]
    public async Task Listener_ThatCannotBeMade_IsToldInOneLine()
    {
        // TEST-NET-1 (RFC 5737): nobody's address.
        var address = await gateway.RunAsync("serve", "--http", "192.0.2.1:8080");
        Assert.Contains("gateway: cannot listen on 192.0.2.1:8080", address.Errors, StringComparison.Ordinal);
        var certificate = await gateway.RunWithAsync([("GATEWAY__Http__CertificateFile", gateway.FileOf("bad.pem", "none"))], "serve", "--http", "127.0.0.1:0");
        Assert.Contains("bad.pem cannot be used", certificate.Errors, StringComparison.Ordinal);
        Assert.Equal((1, 1), (address.ExitCode, certificate.ExitCode));
        Assert.DoesNotContain("   at ", address.Errors + certificate.Errors, StringComparison.Ordinal);
    }

    /// <summary>Regression: whatever kept the lock file from being made was told as "another gateway".</summary>
    [Fact]
    public async Task DataFolder_WhoseLockCannotBeMade_IsNotBlamedOnAnotherGateway()
    {
        Directory.CreateDirectory(Path.Combine(gateway.DataFolder, "gateway.lock"));
        var answer = await gateway.RunAsync("serve", "--http", "127.0.0.1:0");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("the data folder cannot be used", answer.Errors, StringComparison.Ordinal);
    }

    /// <summary>Regression: served, and answered 401 to every key, which tells clients not to come back. Giving the tokens again is the way out.</summary>
    [Fact]
    public async Task MasterKey_OfAnotherDeployment_IsRefusedUntilTheTokensAreGivenAgain()
    {
        string[] bot = ["bot", "add", "--token", "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "--no-verify"];
        Assert.Equal(0, (await gateway.RunAsync(bot)).ExitCode);
        (string, string)[] other = [("GATEWAY__MasterKey", Convert.ToBase64String(new byte[32]))];
        var refused = await gateway.RunWithAsync(other, "serve", "--http", "127.0.0.1:0");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("another master key", refused.Errors, StringComparison.Ordinal);

        Assert.Equal(0, (await gateway.RunWithAsync(other, [.. bot, "--update"])).ExitCode);
        Assert.Equal(0, (await (await gateway.ServeWithAsync(other)).StopAsync()).ExitCode);
    }

    /// <summary>Regression: a folder restored without its key silently got a new one, under which no API key works.</summary>
    [Fact]
    public async Task MasterKey_MissingBesideADatabase_IsNotMadeAnew()
    {
        await gateway.RunAsync("migrate");
        File.Delete(Path.Combine(gateway.DataFolder, "master.key"));
        var refused = await gateway.RunAsync("serve", "--http", "127.0.0.1:0");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("restore it", refused.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(gateway.DataFolder, "master.key")));
    }

    [Fact]
    public async Task ConnectionBound_GivenAsAnOption_ClosesOneMoreAsItComes()
    {
        var server = await gateway.ServeWithAsync([("GATEWAY__Http__MaxConnections", "2")]);
        using TcpClient first = new(server.Url.Host, server.Url.Port), second = new(server.Url.Host, server.Url.Port);
        Assert.StartsWith("HTTP/1.1 200 ", await GetHealthAsync(first), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await GetHealthAsync(second), StringComparison.Ordinal);
        using TcpClient third = new(server.Url.Host, server.Url.Port);
        Assert.Equal("", await GetHealthAsync(third));
        Assert.StartsWith("HTTP/1.1 200 ", await GetHealthAsync(first), StringComparison.Ordinal);
    }

    /// <summary>What the connection answers first; nothing where it was closed.</summary>
    private static async Task<string> GetHealthAsync(TcpClient client)
    {
        var buffer = new byte[256];
        try
        {
            await client.GetStream().WriteAsync("GET /health HTTP/1.1\r\nHost: g\r\n\r\n"u8.ToArray());
            var read = await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            return System.Text.Encoding.ASCII.GetString(buffer, 0, read);
        }
        catch (IOException)
        {
            return "";
        }
    }

    [Fact]
    public async Task Health_OfAGatewayThatDoesNotAnswer_IsExitCode3InTime()
    {
        // Takes connections into its backlog and never says a word.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var began = TimeProvider.System.GetTimestamp();
        Assert.Equal(3, (await gateway.RunAsync("health", "--http", $"{silent.LocalEndpoint}")).ExitCode);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), Limits.Cli.HealthAnswer, TimeSpan.FromSeconds(20));
    }

    /// <summary>Two of one key are too many here, where Limits would let twenty thousand pass.</summary>
    [Fact]
    public async Task SocketBound_GivenAsAnOption_Holds()
    {
        var server = await gateway.ServeWithAsync([("GATEWAY__WebSocket__MaxSocketsPerKey", "1")]);
        var url = new Uri($"ws://{server.Url.Authority}/api/v1/ws?all=true&api_key={ApiKey().Match(server.Banner).Value}");
        using var first = new ClientWebSocket();
        await first.ConnectAsync(url, CancellationToken.None);
        using var second = new ClientWebSocket();
        second.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => second.ConnectAsync(url, CancellationToken.None));
        Assert.Equal(HttpStatusCode.TooManyRequests, second.HttpStatusCode);
    }

    [Fact]
    public async Task SecondServer_OnTheSameFolder_IsRefused()
    {
        var first = await gateway.ServeAsync();
        var second = await gateway.RunAsync("serve", "--http", "127.0.0.1:0");

        Assert.Equal(1, second.ExitCode);
        Assert.Contains("another gateway", second.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await first.StopAsync()).ExitCode);
    }

    [Fact]
    public async Task RevokedKey_BesideARunningServer_IsRefusedWithinASecond()
    {
        var server = await gateway.ServeAsync();
        client.DefaultRequestHeaders.Add("X-API-Key", ApiKey().Match(server.Banner).Value);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, "/api/v1/events?all=true&after=0")).StatusCode);

        Assert.Equal(0, (await gateway.RunAsync("apikey", "revoke", "--id", "1")).ExitCode);
        var revoked = TimeProvider.System.GetTimestamp();
        while ((await GetAsync(server, "/api/v1/events?all=true&after=0")).StatusCode != HttpStatusCode.Unauthorized)
            Assert.True(TimeProvider.System.GetElapsedTime(revoked) < TimeSpan.FromSeconds(1), "a revoked key still reads after a second");
    }

    [Fact]
    public async Task Readiness_OfAServer_IsAnsweredWithItsMetrics()
    {
        var server = await gateway.ServeAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await GetAsync(server, "/ready")).StatusCode != HttpStatusCode.OK) limit.Token.ThrowIfCancellationRequested();

        var health = await gateway.RunAsync("health", "--ready", "--http", server.Url.Authority, "--json");
        Assert.Equal((0, 200), (health.ExitCode, health.Json.GetProperty("status").GetInt32()));
        Assert.Contains("# TYPE gateway_", await (await GetAsync(server, "/metrics")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Regression: everything stopped at once, and a balancer sent requests to a closed port until its next look.</summary>
    [Fact]
    public async Task Stopping_BehindABalancer_ServesOnWhileReadySaysNo()
    {
        var server = await gateway.ServeWithAsync([("GATEWAY__Http__DrainSeconds", "2")]);
        client.DefaultRequestHeaders.Add("X-API-Key", ApiKey().Match(server.Banner).Value);
        var stopped = server.StopAsync();
        HttpResponseMessage ready;
        while ((ready = await GetAsync(server, "/ready")).StatusCode != HttpStatusCode.ServiceUnavailable || !(await ready.Content.ReadAsStringAsync()).Contains("draining"))
            Assert.False(stopped.IsCompleted);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, "/api/v1/events?all=true&after=0")).StatusCode);
        Assert.Equal(0, (await stopped).ExitCode);
    }

    [Fact]
    public async Task Configuration_ThatIsWrong_IsReportedWholeWithExitCode2()
    {
        var answer = await gateway.RunWithAsync([("GATEWAY__Log__RetentionDays", "x"), ("GATEWAY__Typo", "1")], "serve", "--http", "nowhere");
        Assert.Equal(2, answer.ExitCode);
        Assert.Equal(3, answer.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.StartsWith("  ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task BotTokenVariable_ThatIsNotSet_IsRefused()
    {
        var answer = await gateway.RunAsync("serve", "--http", "127.0.0.1:0", "--bot-token-env", "NO_SUCH_VARIABLE");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("NO_SUCH_VARIABLE", answer.Errors, StringComparison.Ordinal);
    }

    /// <summary>The way of the README with a Telegram account, against a Telegram of our own.</summary>
    [Fact]
    public async Task BotToken_InAVariable_IsPolledAndStreamed()
    {
        await using var telegram = await FakeTelegram.StartAsync();
        telegram.Add(10, """{"update_id":10,"message":{"message_id":1,"date":1,"chat":{"id":3,"type":"private"},"text":"from the phone"}}""");
        var server = await gateway.ServeWithAsync([("BOT_TOKEN", FakeTelegram.Token)], "--bot-token-env", "BOT_TOKEN", "--telegram-base-url", telegram.BaseUrl);
        client.DefaultRequestHeaders.Add("X-API-Key", ApiKey().Match(server.Banner).Value);
        Assert.Contains("from the phone", await client.GetStringAsync(new Uri(server.Url, "/api/v1/events?all=true&after=0&wait=20")), StringComparison.Ordinal);
        await telegram.WaitForCallsAsync(2);
        var stopped = await server.StopAsync();
        Assert.Equal(0, stopped.ExitCode);
        Assert.DoesNotContain("the-secret-token", stopped.Log + server.Banner, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BotToken_OfABotWithAWebhook_IsNotPolledAndReadySaysSo()
    {
        await using var telegram = await FakeTelegram.StartAsync();
        telegram.WebhookUrl = "https://elsewhere.example/hook/with-a-secret";
        var server = await gateway.ServeWithAsync([("BOT_TOKEN", FakeTelegram.Token)], "--bot-token-env", "BOT_TOKEN", "--telegram-base-url", telegram.BaseUrl);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!(await client.GetStringAsync(new Uri(server.Url, "/ready"), limit.Token)).Contains("bot 1 (WebhookIsSet)", StringComparison.Ordinal))
        {
        }

        Assert.Empty(telegram.Calls);
        var stopped = await server.StopAsync();
        Assert.Contains("has a webhook at elsewhere.example", stopped.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("with-a-secret", stopped.Log, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        client.Dispose();
        gateway.Dispose();
    }

    private Task<HttpResponseMessage> GetAsync(RunningGateway server, string path) => client.GetAsync(new Uri(server.Url, path));

    [GeneratedRegex("tgw_1_[A-Za-z0-9_-]{54}")]
    private static partial Regex ApiKey();
}
