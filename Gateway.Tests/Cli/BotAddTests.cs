using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Cli;

/// <summary><c>bot add</c> against a Bot API server that answers what the test says.</summary>
public sealed class BotAddTests : IAsyncLifetime
{
    private const string Token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

    private readonly GatewayProgram gateway = new();
    private LoopbackServer telegram = null!;
    private string webhookUrl = "";
    private long botId = 123456789;
    private string? answer;

    public async Task InitializeAsync() => telegram = await LoopbackServer.StartAsync(AnswerAsync);

    [Fact]
    public async Task Bot_WithoutAWebhook_IsVerifiedAndNamed()
    {
        var added = await AddAsync();
        Assert.Equal(0, added.ExitCode);
        Assert.Equal("sample_bot", added.Json.GetProperty("username").GetString());
        Assert.True(added.Json.GetProperty("verified").GetBoolean());
    }

    [Fact]
    public async Task Bot_WithAForeignWebhook_IsRefusedUnlessTakenOver()
    {
        webhookUrl = "https://elsewhere.example/hook/s3cr3t";
        var refused = await AddAsync();
        Assert.Equal((1, "FOREIGN_WEBHOOK"), (refused.ExitCode, refused.Json.GetProperty("code").GetString()));
        Assert.DoesNotContain("s3cr3t", refused.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await AddAsync("--take-over")).ExitCode);
    }

    /// <summary>Regression: a folder, a master key and a database were made first, and stayed.</summary>
    [Theory]
    [InlineData("INVALID_TOKEN", "--token", "123")]
    [InlineData("INVALID_SECRET", "--token", Token, "--webhook-secret", "with a blank")]
    [InlineData("INVALID_URL", "--token", Token, "--base-url", "ftp://example")]
    [InlineData("CONFLICTING_OPTIONS", "--token", Token, "--poll", "--webhook")]
    public async Task Arguments_ThatCannotBeUsed_AreRefusedAndNothingIsMade(string code, params string[] arguments)
    {
        var refused = await gateway.RunAsync(["bot", "add", "--json", .. arguments]);
        Assert.Equal((2, code), (refused.ExitCode, refused.Json.GetProperty("code").GetString()));
        Assert.False(Directory.Exists(gateway.DataFolder));
    }

    [Fact]
    public async Task Token_ThatTelegramRefuses_IsRefused()
    {
        botId = 0;
        var refused = await AddAsync();
        Assert.Equal((1, "TOKEN_REJECTED"), (refused.ExitCode, refused.Json.GetProperty("code").GetString()));
        Assert.DoesNotContain("AAHdq", refused.Output + refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Telegram_ThatNamesAnotherBot_IsRefused()
    {
        botId = 5;
        Assert.Equal("TOKEN_OF_ANOTHER_BOT", (await AddAsync()).Json.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Telegram_ThatIsAway_IsExitCode3AndNoBot()
    {
        var away = await gateway.RunAsync("bot", "add", "--token", Token, "--base-url", "http://127.0.0.1:1", "--json");
        Assert.Equal((3, "UPSTREAM_UNAVAILABLE"), (away.ExitCode, away.Json.GetProperty("code").GetString()));
        Assert.Equal(0, (await gateway.RunAsync("bot", "list", "--json")).Json.GetProperty("bots").GetArrayLength());
    }

    /// <summary>Regression: a busy Telegram was told as one that refuses the token, and an id that is no number ended in an exception.</summary>
    [Theory]
    [InlineData("""{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5"}""")]
    [InlineData("""{"ok":false,"error_code":502,"description":"Bad Gateway"}""")]
    [InlineData("""{"ok":true,"result":{"id":1.5}}""")]
    [InlineData("[]")]
    public async Task Telegram_ThatCannotAnswerNow_IsExitCode3(string body)
    {
        answer = body;
        var failed = await AddAsync();
        Assert.Equal((3, "UPSTREAM_UNAVAILABLE"), (failed.ExitCode, failed.Json.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task TelegramsAnswer_OverItsBound_IsExitCode3()
    {
        answer = $$"""{"ok":true,"result":{"id":123456789,"x":"{{new string('x', Limits.Ingest.CallAnswerBytes)}}"} }""";
        var failed = await AddAsync();
        Assert.Equal((3, "UPSTREAM_UNAVAILABLE"), (failed.ExitCode, failed.Json.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task WebhookSecret_ShorterThanGood_IsTakenWithAWarning()
    {
        var added = await AddAsync("--webhook-secret", new string('s', Limits.Access.WebhookSecretGoodChars - 1));
        Assert.Equal(0, added.ExitCode);
        Assert.Contains("secret is short", added.Errors, StringComparison.Ordinal);
    }

    public async Task DisposeAsync()
    {
        await telegram.DisposeAsync();
        gateway.Dispose();
    }

    private Task<ProgramAnswer> AddAsync(params string[] more) =>
        gateway.RunAsync(["bot", "add", "--token", Token, "--base-url", telegram.Address.ToString(), "--json", .. more]);

    private Task AnswerAsync(HttpContext context)
    {
        if (answer is not null) return context.Response.WriteAsync(answer);
        var method = context.Request.Path.Value;
        if (botId == 0)
        {
            context.Response.StatusCode = 401;
            return context.Response.WriteAsync("""{"ok":false,"error_code":401,"description":"Unauthorized"}""");
        }

        return context.Response.WriteAsync(method == $"/bot{Token}/getMe"
            ? """{"ok":true,"result":{"id":ID,"is_bot":true,"first_name":"Sample","username":"sample_bot"}}""".Replace("ID", $"{botId}", StringComparison.Ordinal)
            : """{"ok":true,"result":{"url":"URL","has_custom_certificate":false,"pending_update_count":3}}""".Replace("URL", webhookUrl, StringComparison.Ordinal));
    }
}
