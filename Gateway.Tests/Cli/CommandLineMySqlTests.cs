using Gateway.Tests.Support;

namespace Gateway.Tests.Cli;

/// <summary>The control statements once more on the other engine: what the SQLite tests prove of the rules holds for both, the SQL must, too.</summary>
[Collection(MariaDbCollection.Name)]
public sealed class CommandLineMySqlTests(MariaDbFixture server) : IDisposable
{
    private readonly GatewayProgram gateway = new();

    [Fact]
    public async Task ControlCommands_OnASharedDatabase_DoTheSame()
    {
        (string, string)[] environment = [("GATEWAY__Database", await server.CreateUrlAsync()), ("GATEWAY__MasterKey", Convert.ToBase64String(new byte[32]))];
        async Task<System.Text.Json.JsonElement> Run(params string[] arguments)
        {
            var answer = await gateway.RunWithAsync(environment, [.. arguments, "--json"]);
            Assert.True(answer.ExitCode == 0, answer.Output + answer.Errors);
            return answer.Json;
        }

        var added = await Run("bot", "add", "--token", "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "--no-verify");
        var bot = added.GetProperty("id").GetInt64();
        var key = (await Run("apikey", "create", "--name", "reader", "--expires", "90d")).GetProperty("id").GetInt64();
        var chat = await Run("grant", "chat", "--key", $"{key}", "--chat", $"tg:{bot}:-100", "--read");
        await Run("grant", "chat", "--key", $"{key}", "--chat", $"tg:{bot}:-100", "--send");
        await Run("grant", "bot", "--key", $"{key}", "--bot", $"{bot}", "--read");
        Assert.Equal(2, (await Run("grant", "list")).GetProperty("grants").GetArrayLength());
        Assert.Equal(2, (await Run("grant", "list", "--key", $"{key}")).GetProperty("grants").GetArrayLength());
        await Run("grant", "revoke", "--id", $"{chat.GetProperty("id").GetInt64()}");
        await Run("user", "add", "--name", "anna", "--role", "admin", "--password-file", gateway.FileOf("password", "correct horse"));
        Assert.True((await Run("doctor", "--config", gateway.FileOf("settings.json", """{"Telegram":{"BaseUrl":"http://127.0.0.1:1"}}"""))).GetProperty("ok").GetBoolean());
        await Run("apikey", "revoke", "--id", $"{key}");
        await Run("bot", "remove", "--id", $"{bot}");
        Assert.Equal(0, (await Run("grant", "list")).GetProperty("grants").GetArrayLength());
        Assert.Equal(bot, (await Run("bot", "add", "--token", "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "--no-verify")).GetProperty("id").GetInt64());
        Assert.True((await Run("migrate", "--restored")).GetProperty("seq").GetInt64() >= 1_000_000);
    }

    public void Dispose() => gateway.Dispose();
}
