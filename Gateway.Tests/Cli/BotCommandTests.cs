using Gateway.Messages;
using Gateway.Tests.Support;

namespace Gateway.Tests.Cli;

/// <summary>The commands about bots that speak with Telegram, against a Bot API server on a real socket.</summary>
public sealed class BotCommandTests : IAsyncLifetime
{
    private readonly GatewayProgram gateway = new();
    private readonly List<string> said = [];
    private FakeTelegram telegram = null!;

    public async Task InitializeAsync() => telegram = await FakeTelegram.StartAsync();

    public async Task DisposeAsync()
    {
        Assert.DoesNotContain(said, text => text.Contains(FakeTelegram.Token, StringComparison.Ordinal));
        await telegram.DisposeAsync();
        gateway.Dispose();
    }

    private async Task<ProgramAnswer> RunAsync(params string[] arguments)
    {
        var answer = await gateway.RunWithAsync([("GATEWAY__Telegram__BaseUrl", telegram.BaseUrl), ("GATEWAY__PublicUrl", "https://bots.example/gw")], ["bot", .. arguments, "--json"]);
        said.Add(answer.Output + answer.Errors);
        return answer;
    }

    private Task<ProgramAnswer> AddAsync(params string[] more) => RunAsync(["add", "--token-file", gateway.FileOf("token.txt", FakeTelegram.Token + "\n"), .. more]);

    [Fact]
    public async Task Add_WithAPublicUrl_SetsTheWebhookAndShowTellsOfIt()
    {
        var added = await AddAsync("--label", "Support");
        Assert.Equal(0, added.ExitCode);
        Assert.Equal($"https://bots.example/gw{added.Json.GetProperty("webhook_path").GetString()}", telegram.WebhookUrl);
        Assert.NotNull(added.Json.GetProperty("webhook").GetProperty("told_at").GetString());

        var shown = (await RunAsync("show", "--id", "1")).Json;
        Assert.Equal("Support", shown.GetProperty("bot").GetProperty("label").GetString());
        var upstream = shown.GetProperty("upstream");
        Assert.Equal(("webhook", true, "bots.example"), (upstream.GetProperty("mode").GetString(), upstream.GetProperty("is_ours").GetBoolean(), upstream.GetProperty("webhook_host").GetString()));
        Assert.DoesNotContain(added.Json.GetProperty("webhook_secret").GetString()!, shown.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Add_TelegramRefusesTheWebhook_IsAddedWithAWarningAndWebhookTriesAgain()
    {
        telegram.Refused["setWebhook"] = (400, """{"ok":false,"error_code":400,"description":"Bad Request: bad webhook: Failed to resolve host"}""");
        var added = await AddAsync();
        Assert.Equal((0, "Bad Request: bad webhook: Failed to resolve host"), (added.ExitCode, added.Json.GetProperty("webhook").GetProperty("error").GetString()));
        Assert.Contains("gateway bot webhook --id 1", added.Errors, StringComparison.Ordinal);
        Assert.Equal((3, "UPSTREAM_REFUSED"), await CodeAsync("webhook", "--id", "1"));

        telegram.Refused.Clear();
        Assert.Equal(0, (await RunAsync("webhook", "--id", "1")).ExitCode);
        Assert.Contains("webhook at bots.example, 0 updates wait", await DoctorAsync(), StringComparison.Ordinal);
        telegram.WebhookUrl = "https://elsewhere.example/hook";
        Assert.Contains("elsewhere.example that is not this gateway's", await DoctorAsync(), StringComparison.Ordinal);
        Assert.Equal((1, "FOREIGN_WEBHOOK"), await CodeAsync("webhook", "--id", "1"));
        Assert.Equal(0, (await RunAsync("webhook", "--id", "1", "--take-over")).ExitCode);
    }

    [Fact]
    public async Task PauseAndResume_AreShownAndRemoveGivesTheWebhookBack()
    {
        await AddAsync();
        Assert.True((await RunAsync("pause", "--id", "1")).Json.GetProperty("is_paused").GetBoolean());
        Assert.True((await RunAsync("list")).Json.GetProperty("bots")[0].GetProperty("is_paused").GetBoolean());
        Assert.False((await RunAsync("resume", "--id", "1")).Json.GetProperty("is_paused").GetBoolean());
        Assert.Equal(2, telegram.Count("setWebhook"));
        Assert.Equal(0, (await RunAsync("remove", "--id", "1")).ExitCode);
        Assert.Equal("", telegram.WebhookUrl);
        foreach (var command in new[] { "show", "pause", "resume", "webhook", "remove" })
        {
            Assert.Equal((1, "BOT_NOT_FOUND"), await CodeAsync(command, "--id", "1"));
        }
    }

    [Fact]
    public async Task Add_LabelOverTheLimit_IsRefused()
    {
        Assert.Equal((2, "INVALID_LABEL"), await CodeAsync("add", "--token", "1:AAAAAAAAAAAAAAAAAAAAAAAA", "--label", new string('x', Limits.Ingest.LabelCharacters + 1)));
        Assert.Equal(0, (await AddAsync("--label", new string('x', Limits.Ingest.LabelCharacters))).ExitCode);
    }

    private async Task<string> DoctorAsync() =>
        (await gateway.RunWithAsync([("GATEWAY__Telegram__BaseUrl", telegram.BaseUrl)], "doctor", "--json")).Json.GetProperty("checks").EnumerateArray()
            .Single(check => check.GetProperty("check").GetString() == "bot 1").GetProperty("message").GetString()!;

    private async Task<(int, string?)> CodeAsync(params string[] arguments)
    {
        var answer = await RunAsync(arguments);
        return (answer.ExitCode, answer.Json.GetProperty("code").GetString());
    }
}
