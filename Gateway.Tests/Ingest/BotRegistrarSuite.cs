using System.Text.Json;
using Gateway.Access;
using Gateway.Ingest;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Log;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Ingest;

/// <summary>Taking bots over, changing them and giving them back, on one engine and against a Bot API server on a real socket.</summary>
public abstract partial class BotRegistrarSuite : IAsyncLifetime
{
    private static readonly Actor Operator = new(ActorKind.User, 7, "operator", "192.0.2.1", "r1");
    private static readonly Uri PublicUrl = new("https://bots.example/gateway/");

    private readonly RecordedLog<BotRegistrarSuite> log = new();
    private readonly HttpMessageInvoker http = BotApiClient.NewHttp();
    private readonly SecretBox secrets = new(new KeyRing(MasterKey.Create()));
    private readonly List<string> made = [];
    private FakeTelegram telegram = null!;

    private protected LogStoreFixture Fixture { get; private set; } = null!;

    private BotAdministration Bots => new(Fixture.Database, secrets, Fixture.Time);
    private BotQueries Queries => new(Fixture.Database, secrets);

    private protected abstract Task<LogStoreFixture> OpenAsync();

    public async Task InitializeAsync()
    {
        Fixture = await OpenAsync();
        telegram = await FakeTelegram.StartAsync();
    }

    /// <summary>Whatever a test did: no secret is in a log line or an audit line.</summary>
    public async Task DisposeAsync()
    {
        var audit = await Fixture.RowsAsync("SELECT actor_name, action, target_id, before_json, after_json FROM audit_log");
        string[] said = [.. log.Lines, .. audit.SelectMany(row => row).OfType<string>()];
        foreach (var secret in made.Append(FakeTelegram.Token))
        {
            Assert.DoesNotContain(said, line => line.Contains(secret, StringComparison.Ordinal));
        }

        await telegram.DisposeAsync();
        http.Dispose();
        await Fixture.DisposeAsync();
    }

    private BotWebhooks Webhooks(Uri? publicUrl, string? server = null) => new(Bots, Queries, http, server ?? telegram.BaseUrl, publicUrl, Fixture.Time, log);

    private BotRegistrar Registrar(Uri? publicUrl = null, string? server = null) => new(Bots, Queries, Webhooks(publicUrl, server));

    private static BotRegistration Registration(string? mode = null, string token = FakeTelegram.Token) => new(111, token, mode) { Verify = true };

    private async Task<BotOutcome> RegisterAsync(BotRegistrar registrar, BotRegistration bot)
    {
        var outcome = await registrar.RegisterAsync(Operator, bot, default);
        if (outcome.WebhookSecret is { } secret) made.Add(secret);
        if (telegram.Asked.LastOrDefault(each => each.Method == "setWebhook") is { Method: not null } call) made.Add(call.Parameters.GetProperty("secret_token").GetString()!);
        return outcome;
    }

    private async Task<BotInfo> AddAsync(Uri? publicUrl, string? mode = null)
    {
        var added = await RegisterAsync(Registrar(publicUrl), Registration(mode));
        Assert.Equal((BotChangeStatus.Done, null), (added.Status, added.Detail));
        return added.Bot!;
    }

    [Fact]
    public async Task Register_WithAPublicUrl_SetsTheWebhookAfterTheRow()
    {
        var bot = await AddAsync(PublicUrl);

        Assert.Equal(["getMe", "getWebhookInfo", "setWebhook"], telegram.Asked.Select(each => each.Method));
        var told = telegram.Asked[2].Parameters;
        Assert.Equal($"https://bots.example/gateway/telegram/webhook/{made[0]}", told.GetProperty("url").GetString());
        Assert.Equal(UpdateKinds.Names, told.GetProperty("allowed_updates").EnumerateArray().Select(kind => kind.GetString()!));
        Assert.Equal(Limits.Ingest.WebhookConnections, told.GetProperty("max_connections").GetInt32());
        Assert.False(told.TryGetProperty("drop_pending_updates", out _));
        var stored = (await Queries.OpenAsync(bot.Id, default))!;
        Assert.Equal((FakeTelegram.Token, made[0], told.GetProperty("secret_token").GetString()), (stored.Token, stored.WebhookSecret, stored.SecretToken));
        Assert.Equal(("test_bot", "Test", BotModes.Webhook, null), (bot.Username, bot.FirstName, bot.Mode, bot.WebhookError));
        Assert.Equal(Fixture.Time.GetUtcNow().ToUnixTimeMilliseconds(), bot.WebhookToldAtMs);
        Assert.Equal(bot, await Queries.FindAsync(bot.Id, null, default));
    }

    /// <summary>The receiver knows what Telegram was given: the whole way from setWebhook to the bot.</summary>
    [Fact]
    public async Task Register_WithAPublicUrl_IsKnownToTheReceiverByWhatTelegramGot()
    {
        await AddAsync(PublicUrl);
        var directory = new BotDirectory(Fixture.Database, acceptTokens: false, new RecordedLog<BotDirectory>());
        Assert.True(await directory.ReloadAsync(default));
        var told = telegram.Asked[2].Parameters;
        var bot = directory.Current.Find(new Uri(told.GetProperty("url").GetString()!).Segments[^1]);
        Assert.True(SecretHash.Matches(System.Text.Encoding.ASCII.GetBytes(told.GetProperty("secret_token").GetString()!), bot!.SecretTokenHash));
    }

    [Fact]
    public async Task Register_WithoutAPublicUrl_TellsTelegramNothing()
    {
        var bot = await AddAsync(null);
        Assert.Equal(["getMe", "getWebhookInfo"], telegram.Asked.Select(each => each.Method));
        Assert.Null(bot.WebhookToldAtMs);
    }

    [Fact]
    public async Task Register_Unverified_AsksAndTellsTelegramNothing()
    {
        var added = await RegisterAsync(Registrar(PublicUrl), Registration() with { Verify = false });
        Assert.True(added.IsDone);
        Assert.Empty(telegram.Asked);
    }

    [Fact]
    public async Task Register_TokenThatTelegramDoesNotKnow_StoresNothing()
    {
        const string unknown = "111:another-secret-token-of-it";
        var refused = await RegisterAsync(Registrar(PublicUrl), Registration(token: unknown));
        Assert.Equal(BotChangeStatus.TokenRejected, refused.Status);
        Assert.DoesNotContain(unknown, BotProblem.TextOf(refused), StringComparison.Ordinal);
        Assert.Equal(0, (await Queries.ListAsync(null, 0, 10, default)).Total);
    }

    [Fact]
    public async Task Register_TokenOfAnotherBot_StoresNothing()
    {
        telegram.Tokens[FakeTelegram.Token] = 112;
        Assert.Equal(BotChangeStatus.TokenOfAnotherBot, (await RegisterAsync(Registrar(), Registration())).Status);
        Assert.Equal(0, (await Queries.ListAsync(null, 0, 10, default)).Total);
    }

    [Theory]
    [InlineData("getMe")]
    [InlineData("getWebhookInfo")]
    public async Task Register_TelegramCannotAnswer_StoresNothing(string method)
    {
        telegram.Refused[method] = (429, """{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5"}""");
        var away = await RegisterAsync(Registrar(PublicUrl), Registration());
        Assert.Equal((BotChangeStatus.TelegramAway, "Too Many Requests: retry after 5"), (away.Status, away.Detail));
        Assert.Equal(BotChangeStatus.TelegramAway, (await RegisterAsync(Registrar(PublicUrl, "http://127.0.0.1:1"), Registration())).Status);
        Assert.Equal(0, (await Queries.ListAsync(null, 0, 10, default)).Total);
    }

    [Fact]
    public async Task Register_ForeignWebhook_IsRefusedWithItsHostUnlessTakenOver()
    {
        telegram.WebhookUrl = "https://elsewhere.example/hook/s3cr3t";
        var refused = await RegisterAsync(Registrar(PublicUrl), Registration());
        Assert.Equal((BotChangeStatus.ForeignWebhook, "elsewhere.example"), (refused.Status, refused.Detail));
        Assert.DoesNotContain("s3cr3t", BotProblem.TextOf(refused), StringComparison.Ordinal);
        Assert.Equal(0, (await Queries.ListAsync(null, 0, 10, default)).Total);

        Assert.True((await RegisterAsync(Registrar(PublicUrl), Registration() with { TakeOver = true })).IsDone);
        Assert.StartsWith("https://bots.example/", telegram.WebhookUrl, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Register_ToPollATakenOverBot_DeletesTheWebhookThatStandsInTheWay()
    {
        telegram.WebhookUrl = "https://elsewhere.example/hook";
        var added = await RegisterAsync(Registrar(), Registration(BotModes.Poll) with { TakeOver = true });
        Assert.NotNull(added.Bot!.WebhookToldAtMs);
        Assert.Equal("", telegram.WebhookUrl);
    }

    [Fact]
    public async Task Register_TelegramRefusesTheWebhook_KeepsTheBotAndTheReason()
    {
        // A server that repeats what it was told, as Telegram does not: the address is a secret.
        var reason = "bad webhook " + new string('x', Limits.Ingest.WebhookErrorCharacters);
        telegram.Refused["setWebhook"] = (400, JsonSerializer.Serialize(new { ok = false, error_code = 400, description = reason }));
        var added = await RegisterAsync(Registrar(PublicUrl), Registration());
        Assert.True(added.IsDone);
        Assert.Equal(reason, added.Detail);
        Assert.Equal((null, reason[..Limits.Ingest.WebhookErrorCharacters]), (added.Bot!.WebhookToldAtMs, added.Bot.WebhookError));
        Assert.Equal(1, log.Count(1261));

        telegram.Refused.Clear();
        var again = await Registrar(PublicUrl).RegisterWebhookAsync(Operator, added.Bot.Id, takeOver: false, default);
        Assert.Equal((BotChangeStatus.Done, null), (again.Status, again.Bot!.WebhookError));
        Assert.NotNull(again.Bot.WebhookToldAtMs);
    }

    [Fact]
    public async Task Register_ServerThatRepeatsWhatItWasTold_SecretsAreNotInItsReason()
    {
        await AddAsync(PublicUrl);
        var (url, token) = (telegram.WebhookUrl, telegram.Asked[2].Parameters.GetProperty("secret_token").GetString());
        telegram.Refused["setWebhook"] = (400, JsonSerializer.Serialize(new { ok = false, error_code = 400, description = $"bad {url} {token} of {FakeTelegram.Token}" }));
        var again = await Registrar(PublicUrl).RegisterWebhookAsync(Operator, 1, takeOver: false, default);
        Assert.Equal((BotChangeStatus.TelegramRefused, "bad https://bots.example/gateway/telegram/webhook/… … of …"), (again.Status, again.Detail));
    }

    [Fact]
    public async Task Register_SameBotManyTimesAtOnce_OneWins()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Registrar().RegisterAsync(Operator, Registration() with { Verify = false }, default))));
        made.AddRange(outcomes.Select(each => each.WebhookSecret).OfType<string>());
        Assert.Single(outcomes, each => each.Status == BotChangeStatus.Done);
        Assert.Equal(5, outcomes.Count(each => each.Status == BotChangeStatus.AlreadyThere));
        Assert.Equal(1, (await Queries.ListAsync(null, 0, 10, default)).Total);
    }

    [Fact]
    public async Task Register_ByAnOwner_GivesHimAllRightsOnTheBot()
    {
        var owner = PrincipalId.User(7);
        var added = await RegisterAsync(Registrar(), Registration() with { Owner = owner });
        Assert.Equal([["2", "7", $"{added.Bot!.Id}", "1", "1", "1"]], await Fixture.RowsAsync("SELECT principal_kind, principal_id, bot_id, can_read, can_send, can_manage FROM grants"));
        Assert.Equal(added.Bot, await Queries.FindAsync(added.Bot.Id, owner, default));
        Assert.Null(await Queries.FindAsync(added.Bot.Id, PrincipalId.Key(7), default));
        Assert.Equal(0, (await Queries.ListAsync(PrincipalId.Key(7), 0, 10, default)).Total);
    }

    [Fact]
    public async Task Find_ByWhoHasOneChatOfTheBot_FindsIt()
    {
        var bot = await AddAsync(null);
        await Fixture.ExecuteAsync($"INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (5, {bot.Id}, -100, '', 0)");
        await Fixture.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, chat_id, can_read, created_at_ms) VALUES (1, 3, 5, 1, 0), (1, 4, 5, 0, 0)");
        Assert.Equal(bot, await Queries.FindAsync(bot.Id, PrincipalId.Key(3), default));
        Assert.Equal([bot], (await Queries.ListAsync(PrincipalId.Key(3), 0, 10, default)).Bots);
        Assert.Null(await Queries.FindAsync(bot.Id, PrincipalId.Key(4), default));
        Assert.Null(await Queries.FindAsync(bot.Id, PrincipalId.User(3), default));
    }
}
