using Gateway.Access;
using Gateway.Ingest;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Ingest;

public sealed class UpstreamStatusTests : IAsyncLifetime
{
    private static readonly Uri PublicUrl = new("https://bots.example");

    private readonly HttpMessageInvoker http = BotApiClient.NewHttp();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly RecordedLog<UpstreamStatusTests> log = new();
    private FakeTelegram telegram = null!;
    private BotTable table = null!;
    private PollerStatus? poller;

    public async Task InitializeAsync()
    {
        telegram = await FakeTelegram.StartAsync();
        table = await BotTable.CreateAsync();
    }

    public async Task DisposeAsync()
    {
        await telegram.DisposeAsync();
        await table.DisposeAsync();
        http.Dispose();
    }

    private BotQueries Queries => new(table.Database, table.Secrets);

    private UpstreamStatusReader New() =>
        new(Queries, new BotWebhooks(new BotAdministration(table.Database, table.Secrets, time), Queries, http, telegram.BaseUrl, PublicUrl, time, log), time, _ => poller);

    private async Task<BotInfo> AddAsync(long telegramId = 111, string mode = "webhook")
    {
        var token = telegramId == 111 ? FakeTelegram.Token : $"{telegramId}:the-secret-token-of-a-bot";
        telegram.Tokens[token] = telegramId;
        await table.AddAsync(telegramId, token, $"secret-{telegramId}", mode);
        return (await Queries.OpenByTelegramIdAsync(telegramId, default))!.Info;
    }

    [Fact]
    public async Task Read_WebhookOfOurs_TellsWhatTelegramSays()
    {
        var bot = await AddAsync();
        telegram.WebhookUrl = "https://bots.example/telegram/webhook/secret-111";
        telegram.WebhookTrouble = ",\"last_error_date\":1772366000,\"last_error_message\":\"Wrong response from the webhook: 503\"";
        telegram.Add(1, "{\"update_id\":1}");
        await table.ExecuteAsync($"INSERT INTO events (seq, bot_id, kind, dedup_key, created_at_ms, payload) VALUES (1, {bot.Id}, 'x', 'u:1', {time.GetUtcNow().ToUnixTimeMilliseconds() - 90_500}, x'7B7D')");
        var found = await New().ReadAsync(bot, default);
        Assert.Null(found.Reason);
        Assert.Equal(new UpstreamStatus("webhook", "bots.example", true, 1, "Wrong response from the webhook: 503", 1772366000_000, 90), found.Status);
    }

    [Theory]
    [InlineData("https://other-host.example/prefix/telegram/webhook/secret-111", true)]
    [InlineData("https://other-host.example/telegram/webhook/111%3Athe-secret-token-of-a-bot", true)]
    [InlineData("https://other-host.example/telegram/webhook/111:the-secret-token-of-a-bot", true)]
    [InlineData("https://bots.example/telegram/webhook/secret-1112", false)]
    [InlineData("https://bots.example/telegram/webhook/", false)]
    [InlineData("https://bots.example/elsewhere/secret-111", false)]
    public async Task Read_Webhook_IsOursByTheSecretInItsPath(string url, bool isOurs)
    {
        var bot = await AddAsync();
        telegram.WebhookUrl = url;
        Assert.Equal(isOurs, (await New().ReadAsync(bot, default)).Status!.IsOurs);
    }

    /// <summary>A server of someone else's may repeat the address, and what it says is shown.</summary>
    [Fact]
    public async Task Read_ErrorThatRepeatsTheAddress_IsShownWithoutSecrets()
    {
        var bot = await AddAsync();
        telegram.WebhookTrouble = $",\"last_error_date\":1,\"last_error_message\":\"no answer from /telegram/webhook/secret-111 or /{FakeTelegram.Token}\"";
        Assert.Equal("no answer from /telegram/webhook/… or /…", (await New().ReadAsync(bot, default)).Status!.LastError);
    }

    [Fact]
    public async Task Read_ForeignWebhookOfAPolledBot_TellsHostAndWhatThePollerMet()
    {
        var bot = await AddAsync(mode: "poll");
        telegram.WebhookUrl = "https://elsewhere.example/s3cr3t";
        poller = new PollerStatus(bot.Id, PollerState.WebhookIsSet, "has a webhook at elsewhere.example");
        var status = (await New().ReadAsync(bot, default)).Status;
        Assert.Equal(new UpstreamStatus("webhook", "elsewhere.example", false, 0, "has a webhook at elsewhere.example", null, 0), status);
    }

    [Fact]
    public async Task Read_WithinItsAge_AsksTelegramOnce()
    {
        var bot = await AddAsync();
        var reader = New();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => reader.ReadAsync(bot, default)));
        time.Advance(Limits.Ingest.StatusAge - TimeSpan.FromMilliseconds(1));
        await reader.ReadAsync(bot, default);
        Assert.Equal(1, telegram.Count("getWebhookInfo"));
        time.Advance(TimeSpan.FromMilliseconds(1));
        await reader.ReadAsync(bot, default);
        Assert.Equal(2, telegram.Count("getWebhookInfo"));
        await reader.ReadAsync(bot with { Revision = 2 }, default);
        Assert.Equal(3, telegram.Count("getWebhookInfo"));
    }

    [Fact]
    public async Task Read_TelegramSilent_IsAnsweredInTimeWithTheReason()
    {
        var bot = await AddAsync();
        telegram.Held["getWebhookInfo"] = new TaskCompletionSource().Task;
        var reader = New();
        var reading = reader.ReadAsync(bot, default);
        await Poll.UntilAsync(() => telegram.Count("getWebhookInfo") == 1, TimeSpan.FromSeconds(20), () => "Telegram was not asked");
        Assert.False(reading.IsCompleted);
        time.Advance(Limits.Ingest.StatusWait);
        var found = await reading.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Null(found.Status);
        Assert.Contains("no answer within", found.Reason, StringComparison.Ordinal);
        // Whoever asks next does not wait again.
        Assert.True(reader.ReadAsync(bot, default).IsCompleted);
    }

    [Fact]
    public async Task Read_TokenThatTelegramKnowsNoMore_SaysSo()
    {
        var bot = await AddAsync();
        telegram.Tokens.Clear();
        Assert.Equal("Telegram does not accept the token: Unauthorized", (await New().ReadAsync(bot, default)).Reason);
    }

    [Fact]
    public async Task Read_MoreBotsThanAreAskedAtOnce_SaysSo()
    {
        telegram.Held["getWebhookInfo"] = new TaskCompletionSource().Task;
        var reader = New();
        var bot = await AddAsync();
        var asked = Enumerable.Range(0, Limits.Ingest.StatusCalls).Select(index => reader.ReadAsync(bot with { Id = 1000 + index }, default)).ToArray();
        await Task.WhenAll(asked).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.All(asked, each => Assert.Equal("the bot was given back", each.Result.Reason));

        List<Task<UpstreamOutcome>> held = [];
        for (var index = 0; index < Limits.Ingest.StatusCalls; index++) held.Add(reader.ReadAsync(await AddAsync(2000 + index), default));
        Assert.Equal("too many bots are being asked about", (await reader.ReadAsync(bot, default)).Reason);
        await Poll.UntilAsync(() => telegram.Count("getWebhookInfo") == Limits.Ingest.StatusCalls, TimeSpan.FromSeconds(20), () => "Telegram was not asked about all");
        time.Advance(Limits.Ingest.StatusWait);
        await Task.WhenAll(held).WaitAsync(TimeSpan.FromSeconds(20));
        telegram.Held.Clear();
        Assert.NotNull((await reader.ReadAsync(bot, default)).Status);
    }
}
