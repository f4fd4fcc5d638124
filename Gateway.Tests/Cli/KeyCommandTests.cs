using System.Text.Json;

namespace Gateway.Tests.Cli;

/// <summary><c>apikey</c> and <c>grant</c> over a real SQLite folder.</summary>
public sealed class KeyCommandTests : IDisposable
{
    private const string Token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

    private readonly GatewayProgram gateway = new();

    private async Task<JsonElement> RunAsync(params string[] arguments)
    {
        var answer = await gateway.RunAsync([.. arguments, "--json"]);
        Assert.True(answer.ExitCode == 0, answer.Output + answer.Errors);
        return answer.Json;
    }

    [Fact]
    public async Task Key_CreatedShownSetAndDeleted_IsWhatTheCommandsSay()
    {
        var created = await RunAsync("apikey", "create", "--name", "desk", "--scope", "messages:read", "bots:read", "--rate", "7", "--burst", "9", "--expires", "90d");
        Assert.Equal(["bots:read", "messages:read"], created.GetProperty("scopes").EnumerateArray().Select(each => each.GetString()));
        var shown = await RunAsync("apikey", "show", "--id", "1");
        Assert.Equal((7, 9), (shown.GetProperty("rate_per_second").GetInt32(), shown.GetProperty("rate_burst").GetInt32()));
        Assert.DoesNotContain(created.GetProperty("key").GetString()!, shown.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("last_used_at").ValueKind);

        var set = await RunAsync("apikey", "set", "--id", "1", "--name", "help desk", "--default-rate", "--expires", "never", "--scope", "events:read");
        Assert.Equal(("help desk", JsonValueKind.Null, JsonValueKind.Null), (set.GetProperty("name").GetString(), set.GetProperty("rate_per_second").ValueKind, set.GetProperty("expires_at").ValueKind));
        Assert.Equal("events:read", Assert.Single(set.GetProperty("scopes").EnumerateArray()).GetString());
        Assert.Empty((await RunAsync("apikey", "set", "--id", "1", "--default-scopes")).GetProperty("scopes").EnumerateArray());
        Assert.Equal(2, (await gateway.RunAsync("apikey", "set", "--id", "1", "--rate", "0", "--json")).ExitCode);

        Assert.True((await RunAsync("apikey", "delete", "--id", "1")).GetProperty("deleted").GetBoolean());
        foreach (var command in new[] { "show", "set", "delete", "revoke" })
            Assert.Equal(1, (await gateway.RunAsync("apikey", command, "--id", "1", "--json")).ExitCode);
        Assert.Empty((await RunAsync("apikey", "list")).GetProperty("apikeys").EnumerateArray());
    }

    [Fact]
    public async Task Grants_OfUsersThreadsAndFeedback_AreListedWithWhoseTheyAre()
    {
        await RunAsync("bot", "add", "--token", Token, "--no-verify");
        await RunAsync("apikey", "create", "--name", "reader");
        var user = (await RunAsync("user", "add", "--name", "anna", "--role", "viewer", "--password-file", gateway.FileOf("password", "correct horse"))).GetProperty("id").GetInt64();
        var chat = (await RunAsync("grant", "chat", "--user", $"{user}", "--chat", "tg:1:-100", "--read")).GetProperty("chat_id").GetInt64();
        var thread = await RunAsync("grant", "chat", "--key", "1", "--chat", $"{chat}", "--thread", "4", "--read", "--send");
        Assert.Equal(4, thread.GetProperty("thread_id").GetInt64());
        await RunAsync("grant", "bot", "--user", $"{user}", "--bot", "1", "--manage");

        Assert.Equal(2, (await RunAsync("grant", "list", "--user", $"{user}")).GetProperty("grants").GetArrayLength());
        var ofKey = Assert.Single((await RunAsync("grant", "list", "--key", "1")).GetProperty("grants").EnumerateArray());
        Assert.Equal((1L, JsonValueKind.Null, chat), (ofKey.GetProperty("key_id").GetInt64(), ofKey.GetProperty("user_id").ValueKind, ofKey.GetProperty("chat_id").GetInt64()));
        Assert.Equal(3, (await RunAsync("grant", "list")).GetProperty("grants").GetArrayLength());
        Assert.Equal(1, (await gateway.RunAsync("grant", "chat", "--user", "99", "--chat", $"{chat}", "--read", "--json")).ExitCode);

        Assert.True((await RunAsync("grant", "feedback", "--key", "1", "--chat", $"{chat}")).GetProperty("feedback").GetBoolean());
        Assert.False((await RunAsync("grant", "feedback", "--key", "1", "--chat", $"{chat}", "--remove")).GetProperty("feedback").GetBoolean());
        Assert.Equal(1, (await gateway.RunAsync("grant", "feedback", "--key", "1", "--chat", $"{chat}", "--remove", "--json")).ExitCode);
        await RunAsync("grant", "revoke", "--id", $"{ofKey.GetProperty("id").GetInt64()}");
        Assert.Empty((await RunAsync("grant", "list", "--key", "1")).GetProperty("grants").EnumerateArray());
    }

    public void Dispose() => gateway.Dispose();
}
