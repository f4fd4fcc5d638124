using System.Net;
using System.Text;
using Gateway.Access;
using Gateway.Http;
using Gateway.Ingest;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Ingest;

public sealed class WebhookReceiverTests : IAsyncLifetime
{
    private const string Update = """{"update_id":1,"message":{"message_id":2,"chat":{"id":3,"type":"private"},"date":4,"text":"hi"}}""";

    private readonly ScriptedCommitter committer = new();
    private readonly RecordedLog<FrontDoor> failures = new();
    private readonly RecordedLog<WebhookReceiver> log = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly CancellationTokenSource stop = new();
    private BotTable table = null!;
    private BotDirectory bots = null!;
    private Task watching = null!;
    private LoopbackServer server = null!;

    public async Task InitializeAsync()
    {
        table = await BotTable.CreateAsync();
        await table.AddAsync(111, "111:token-a", "secret-a");
        await table.AddAsync(222, "222:token-b", "secret-b", "paused", secretToken: "registered");
        bots = new BotDirectory(table.Database, acceptTokens: true, new RecordedLog<BotDirectory>());
        // By the system's clock: the reads that unknown secrets ask for keep their pause by it.
        var store = new AccessStore(table.Database, TimeProvider.System);
        var principals = new TrackedPrincipals(store, TimeProvider.System);
        principals.AddObserver(bots);
        var watcher = new ControlVersionWatcher(store, principals, TimeProvider.System, NullLogger.Instance);
        Assert.True(await watcher.PollAsync(default));
        watching = watcher.RunAsync(stop.Token);
        var receiver = new WebhookReceiver(bots, watcher, committer.Queue, new AddressLimiter(time), time, log);
        server = await LoopbackServer.StartAsync(new FrontDoor(new Router(receiver.Routes), failures).HandleAsync);
    }

    public async Task DisposeAsync()
    {
        Assert.DoesNotContain(failures.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
        await server.DisposeAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        stop.Dispose();
        await committer.DisposeAsync();
        await table.DisposeAsync();
    }

    private Task<HttpResponseMessage> PostAsync(string secret, byte[] body, string? secretToken = null, string prefix = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"{prefix}/telegram/webhook/{secret}") { Content = new ByteArrayContent(body) };
        if (secretToken is not null)
        {
            request.Headers.Add("X-Telegram-Bot-Api-Secret-Token", secretToken);
        }

        return server.Client.SendAsync(request);
    }

    private async Task<HttpStatusCode> StatusAsync(string secret, string body = Update, string? secretToken = null, string prefix = "")
    {
        using var response = await PostAsync(secret, Encoding.UTF8.GetBytes(body), secretToken, prefix);
        return response.StatusCode;
    }

    /// <summary>Refused, so that Telegram keeps it; and taken as soon as the running gateway sees that the pause is over.</summary>
    [Fact]
    public async Task Post_PausedBot_Is503AndStoresNothing()
    {
        await SetPausedAsync(1);
        using var refused = await PostAsync("secret-a", Encoding.UTF8.GetBytes(Update));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(Limits.Ingest.PausedRetryAfter, refused.Headers.RetryAfter!.Delta);
        Assert.Contains("BOT_PAUSED", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("secret-x"));
        Assert.Empty(committer.Arrived);

        await SetPausedAsync(0);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-a"));
        Assert.Single(committer.Arrived);
    }

    private async Task SetPausedAsync(int isPaused)
    {
        var change = bots.WaitForChangeAsync(bots.Current);
        await table.ExecuteAsync("UPDATE bots SET is_paused = @paused WHERE telegram_id = 111", ("@paused", isPaused));
        await table.ExecuteAsync("UPDATE control_version SET version = version + 1");
        await change.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData("secret-a", "")]
    [InlineData("secret-a", "/api/v1")]
    [InlineData("111:token-a", "")]
    [InlineData("111%3Atoken-a", "/api/v1")]
    public async Task Post_ValidSecret_StoresTheBytesAndAnswersAnEmpty200(string secret, string prefix)
    {
        using var response = await PostAsync(secret, Encoding.UTF8.GetBytes(Update), prefix: prefix);
        Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal([(1L, Update)], committer.Arrived);
    }

    [Fact]
    public async Task Post_EverySampleAndAnythingElse_IsStoredAsItCameAndAnswered200()
    {
        byte[][] nasty = [[], "null"u8.ToArray(), "{"u8.ToArray(), "<html>"u8.ToArray(), Encoding.UTF8.GetBytes(new string('[', 100_000))];
        byte[][] bodies = [.. SampleUpdates.All.Select(sample => sample.Body), .. nasty];
        foreach (var body in bodies)
        {
            using var response = await PostAsync("secret-a", body);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(bodies.Select(body => Encoding.UTF8.GetString(body)), committer.Arrived.Select(each => each.Body));
        Assert.Equal(nasty.Length, log.Count(1202));
    }

    [Fact]
    public async Task Post_IsNotAnsweredBeforeTheCommit()
    {
        committer.Hold();
        var answer = StatusAsync("secret-a");
        await committer.WaitAsync(1);
        Assert.False(answer.IsCompleted);
        committer.Release();
        Assert.Equal(HttpStatusCode.OK, await answer);
    }

    [Fact]
    public async Task Post_SenderHangsUp_IsStoredAllTheSame()
    {
        committer.Hold();
        using var hangUp = new CancellationTokenSource();
        var answer = server.Client.PostAsync("/telegram/webhook/secret-a", new StringContent(Update), hangUp.Token);
        await committer.WaitAsync(1);
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        committer.Release();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-a"));
        Assert.Equal(2, committer.Arrived.Count);
    }

    [Theory]
    [InlineData("registered", HttpStatusCode.OK)]
    [InlineData("registered ", HttpStatusCode.OK)]
    [InlineData("Registered", HttpStatusCode.Unauthorized)]
    [InlineData("register", HttpStatusCode.Unauthorized)]
    [InlineData("", HttpStatusCode.Unauthorized)]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    public async Task Post_RegisteredSecretToken_MustMatch(string? presented, HttpStatusCode expected)
    {
        Assert.Equal(expected, await StatusAsync("secret-b", secretToken: presented));
        Assert.Equal(expected == HttpStatusCode.OK ? 1 : 0, committer.Arrived.Count);
    }

    [Fact]
    public async Task Post_PausedBot_IsStoredToo()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-b", secretToken: "registered"));
        Assert.Equal(2, Assert.Single(committer.Arrived).Bot);
    }

    [Fact]
    public async Task Post_WrongSecrets_Are401Then429AndAValidOneStillPasses()
    {
        for (var tries = 0; tries < Limits.Ingest.WrongSecrets; tries++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync($"guess-{tries}"));
        }

        using var limited = await PostAsync("guess", []);
        Assert.Equal(HttpStatusCode.TooManyRequests, limited.StatusCode);
        Assert.Equal(Limits.Ingest.WrongSecretWindow, limited.Headers.RetryAfter!.Delta);
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync("secret-b", secretToken: "wrong"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-a"));
        time.Advance(Limits.Ingest.WrongSecretWindow * 2);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("guess"));
        Assert.DoesNotContain(log.Lines, line => line.Contains("guess", StringComparison.Ordinal));
    }

    private const string Bump = "UPDATE control_version SET version = version + 1";

    /// <summary>Regression: until the next poll of the control version a bot just added had its updates refused with 401.</summary>
    [Fact]
    public async Task Post_BotAddedAMomentAgo_IsStored()
    {
        for (var id = 301; id <= 310; id++)
        {
            await table.AddAsync(id, $"{id}:token", $"secret-{id}");
            await table.ExecuteAsync(Bump);
            Assert.Equal(HttpStatusCode.OK, await StatusAsync($"secret-{id}"));
        }

        Assert.Equal(10, committer.Arrived.Count);
    }

    /// <summary>Regression: the same for a secret, or a <c>secret_token</c>, that was changed.</summary>
    [Fact]
    public async Task Post_SecretsChangedAMomentAgo_AreTheNewOnes()
    {
        await table.ExecuteAsync("UPDATE bots SET secret_token_hash = @hash WHERE telegram_id = 222", ("@hash", SecretHash.Of("rotated")));
        await table.ExecuteAsync(Bump);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-b", secretToken: "rotated"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("secret-b", secretToken: "registered"));

        await table.ExecuteAsync("UPDATE bots SET webhook_secret_hash = @hash WHERE telegram_id = 111", ("@hash", SecretHash.Of("secret-new")));
        await table.ExecuteAsync(Bump);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-new"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("secret-a"));
    }

    /// <summary>What is found after all is no wrong secret of its address: Telegram opens up to a hundred connections at once.</summary>
    [Fact]
    public async Task Post_BurstToABotAddedAMomentAgo_IsAllStored()
    {
        await table.AddAsync(333, "333:token", "secret-c");
        await table.ExecuteAsync(Bump);
        var answers = await Task.WhenAll(Enumerable.Range(0, 5 * Limits.Ingest.WrongSecrets).Select(_ => StatusAsync("secret-c")));
        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
    }

    /// <summary>Those that waited together are counted one by one when they are refused.</summary>
    [Fact]
    public async Task Post_WrongSecretsAllAtOnce_AreLimitedLikeOthers()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 5 * Limits.Ingest.WrongSecrets).Select(_ => StatusAsync("guess")));
        Assert.Equal(Limits.Ingest.WrongSecrets, answers.Count(status => status == HttpStatusCode.Unauthorized));
        Assert.Equal(4 * Limits.Ingest.WrongSecrets, answers.Count(status => status == HttpStatusCode.TooManyRequests));
    }

    /// <summary>Regression: while only the version could not be read, an unknown secret was answered 401. Nothing is known then.</summary>
    [Fact]
    public async Task Post_UnknownSecretWhileTheVersionCannotBeRead_Is503AndNotCounted()
    {
        await table.ExecuteAsync("ALTER TABLE control_version RENAME TO gone");
        for (var tries = 0; tries <= Limits.Ingest.WrongSecrets; tries++)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("secret-new"));
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-a"));
        await table.ExecuteAsync("ALTER TABLE gone RENAME TO control_version");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("secret-new"));
    }

    /// <summary>An address over its limit is answered at once: it makes no read.</summary>
    [Fact]
    public async Task Post_AddressOverItsLimit_IsRefusedWithoutARead()
    {
        for (var tries = 0; tries < Limits.Ingest.WrongSecrets; tries++)
        {
            await StatusAsync("guess");
        }

        await table.ExecuteAsync("ALTER TABLE control_version RENAME TO gone");
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync("guess"));
        await table.ExecuteAsync("ALTER TABLE gone RENAME TO control_version");
    }

    [Theory]
    [InlineData(nameof(CommitStatus.QueueFull))]
    [InlineData(nameof(CommitStatus.Unavailable))]
    [InlineData(nameof(CommitStatus.Refused))]
    [InlineData(nameof(CommitStatus.ShuttingDown))]
    public async Task Post_NotStored_Is503WithRetryAfter(string outcome)
    {
        committer.Answer = _ => Enum.Parse<CommitStatus>(outcome);
        using var response = await PostAsync("secret-a", Encoding.UTF8.GetBytes(Update));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, Limits.Ingest.RetryAfter), (response.StatusCode, response.Headers.RetryAfter!.Delta));
        committer.Answer = _ => CommitStatus.Duplicate;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-a"));
    }

    [Fact]
    public async Task Post_DatabaseKnownAway_IsRefusedUnread()
    {
        committer.Queue.SetAway("stopped");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("secret-a"));
        Assert.Empty(committer.Arrived);
        committer.Queue.SetWritable();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-a"));
    }

    [Fact]
    public async Task Post_UnknownSecretWhileBotsAreNotRead_Is503AndNot401()
    {
        await table.ExecuteAsync("ALTER TABLE bots RENAME TO gone");
        await bots.ReloadAsync(default);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("secret-new"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-a"));
    }

    [Fact]
    public async Task Post_BodyAtTheLimit_IsStoredAndOneByteMoreIs413()
    {
        var body = Encoding.ASCII.GetBytes("{\"update_id\":1}".PadRight(Limits.Ingest.UpdateBytes));
        using var fits = await PostAsync("secret-a", body);
        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        using var over = await PostAsync("secret-a", [.. body, 32]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, over.StatusCode);
        Assert.Single(committer.Arrived);
        Assert.Equal(1, log.Count(1203));
    }

    /// <summary>A body that never comes whole is no update; the connection's next sender is not affected.</summary>
    [Fact]
    public async Task Post_CutBody_IsNotStored()
    {
        using (var socket = new System.Net.Sockets.TcpClient())
        {
            await socket.ConnectAsync(server.Address.Host, server.Address.Port);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /telegram/webhook/secret-a HTTP/1.1\r\nHost: g\r\nContent-Length: 500\r\n\r\n{Update}"));
            socket.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            using var reader = new StreamReader(stream);
            string? answer = null;
            var cut = await Record.ExceptionAsync(async () => answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.True(cut is IOException || !answer!.Contains("200 OK", StringComparison.Ordinal), answer);
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("secret-a"));
        Assert.Single(committer.Arrived);
    }

    /// <summary>Regression: a body below the least rate was answered 400, "did not arrive whole", and not the 408 that Limits names.</summary>
    [Fact]
    public async Task Post_BodySlowerThanTheLeastRate_Is408()
    {
        var answer = await server.SendRawAsync($"POST /telegram/webhook/secret-a HTTP/1.1\r\nHost: g\r\nContent-Length: 500\r\n\r\n{Update}");
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("BODY_TOO_SLOW", answer, StringComparison.Ordinal);
        Assert.Empty(committer.Arrived);
    }

    [Fact]
    public async Task Post_SecretLongerThanAnyIs_Is401()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(new string('a', Limits.Ingest.SecretCharacters)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(new string('a', Limits.Ingest.SecretCharacters + 1)));
    }

    [Fact]
    public async Task Get_IsNotAllowed()
    {
        using var response = await server.Client.GetAsync("/telegram/webhook/secret-a");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Fact]
    public void Admission_OverItsBytes_RefusesUntilSomeLeave()
    {
        var admission = new Admission();
        var places = (int)(Limits.Ingest.ArrivingBytes / Limits.Ingest.UpdateBytes);
        Assert.All(Enumerable.Range(0, places), _ => Assert.True(admission.TryEnter(Limits.Ingest.UpdateBytes)));
        Assert.False(admission.TryEnter(1));
        admission.Leave(1);
        Assert.True(admission.TryEnter(1));
    }
}
