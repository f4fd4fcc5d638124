using Gateway.Access;
using Gateway.Cli;
using Gateway.Messages;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private const string Token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

    private readonly GatewayProgram gateway = new();

    /// <summary>Arguments are for everybody to see in the list of processes.</summary>
    [Fact]
    public async Task BotAdd_WithSecretsInFiles_TakesThemAndRefusesTwoOfOne()
    {
        var (token, secret, header) = (gateway.FileOf("token", Token + "\n"), gateway.FileOf("path", "the-path-secret-0123456789-0123456789\n"), gateway.FileOf("header", "the-header-secret-0123456789\n"));
        var added = await gateway.RunAsync("bot", "add", "--token-file", token, "--webhook-secret-file", secret, "--secret-token-file", header, "--no-verify", "--json");
        Assert.True(added.ExitCode == 0, added.Output);
        Assert.Equal("the-path-secret-0123456789-0123456789", added.Json.GetProperty("webhook_secret").GetString());
        var both = await gateway.RunAsync("bot", "add", "--token-file", token, "--secret-token", "x", "--secret-token-file", header, "--no-verify", "--update", "--json");
        Assert.Equal((2, "CONFLICTING_OPTIONS"), (both.ExitCode, both.Json.GetProperty("code").GetString()));
        var missing = await gateway.RunAsync("bot", "add", "--token-file", token + "x", "--no-verify", "--json");
        Assert.Equal((2, "INVALID_SECRET_FILE"), (missing.ExitCode, missing.Json.GetProperty("code").GetString()));
        Assert.DoesNotContain("the-header-secret", added.Output + added.Errors + both.Output, StringComparison.Ordinal);
    }

    /// <summary>Whoever sees the bot sees its server's address.</summary>
    [Fact]
    public async Task BotAdd_WithAPasswordInTheServersAddress_IsRefused()
    {
        var refused = await gateway.RunAsync("bot", "add", "--token", Token, "--base-url", "http://me:password@host", "--no-verify", "--json");
        Assert.Equal((2, "INVALID_URL"), (refused.ExitCode, refused.Json.GetProperty("code").GetString()));
        Assert.DoesNotContain("password", refused.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BotAdd_WithoutVerifying_AnswersIdAndSecretOnce()
    {
        var added = await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--json");
        Assert.Equal(0, added.ExitCode);
        Assert.Equal(1, added.Json.GetProperty("id").GetInt64());
        Assert.Equal(123456789, added.Json.GetProperty("telegram_id").GetInt64());
        var secret = added.Json.GetProperty("webhook_secret").GetString()!;
        Assert.Equal(43, secret.Length);

        var list = await gateway.RunAsync("bot", "list", "--json");
        Assert.Equal("webhook", list.Json.GetProperty("bots")[0].GetProperty("mode").GetString());
        Assert.DoesNotContain(secret, list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("AAHdq", list.Output, StringComparison.Ordinal);

        var again = await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--json");
        Assert.Equal((1, "BOT_EXISTS"), (again.ExitCode, again.Json.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task AnyCommand_BesideAServerOfAnOlderVersion_RefusesToMigrate()
    {
        await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify");
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(gateway.DataFolder, "gateway.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM schema_migrations WHERE version > 2";
        await command.ExecuteNonQueryAsync();

        using var olderServer = Gateway.Hosting.InstanceLock.TryTake(gateway.DataFolder);
        Assert.NotNull(olderServer);
        var pause = await gateway.RunAsync("bot", "pause", "--id", "1", "--json");
        Assert.Equal((1, "SCHEMA_OLD"), (pause.ExitCode, pause.Json.GetProperty("code").GetString()));
        Assert.Contains("is running", pause.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        command.CommandText = "SELECT MAX(version) FROM schema_migrations";
        Assert.Equal(2L, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Bot_RemovedAndAddedAgain_KeepsItsId()
    {
        await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--webhook-secret", "0123456789012345678901");
        Assert.Equal(0, (await gateway.RunAsync("bot", "remove", "--id", "1", "--json")).ExitCode);
        Assert.Equal(0, (await gateway.RunAsync("bot", "list", "--json")).Json.GetProperty("bots").GetArrayLength());
        Assert.Equal(1, (await gateway.RunAsync("bot", "remove", "--id", "1", "--json")).ExitCode);

        var again = await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--poll", "--json");
        Assert.Equal(1, again.Json.GetProperty("id").GetInt64());
        Assert.NotEqual("0123456789012345678901", again.Json.GetProperty("webhook_secret").GetString());
    }

    [Fact]
    public async Task GrantChat_OfAChatNeverSeen_MakesIt()
    {
        await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify");
        var key = (await gateway.RunAsync("apikey", "create", "--name", "reader", "--expires", "90d", "--json")).Json;
        Assert.StartsWith("tgw_1_", key.GetProperty("key").GetString(), StringComparison.Ordinal);
        Assert.NotNull(key.GetProperty("expires_at").GetString());

        var granted = await gateway.RunAsync("grant", "chat", "--key", "1", "--chat", "tg:1:-1001234", "--read", "--json");
        Assert.Equal(0, granted.ExitCode);
        var chat = granted.Json.GetProperty("chat_id").GetInt64();
        var more = await gateway.RunAsync("grant", "chat", "--key", "1", "--chat", $"{chat}", "--send", "--json");
        Assert.Equal(granted.Json.GetProperty("id").GetInt64(), more.Json.GetProperty("id").GetInt64());

        var list = (await gateway.RunAsync("grant", "list", "--key", "1", "--json")).Json.GetProperty("grants");
        Assert.Equal(1, list.GetArrayLength());
        Assert.True(list[0].GetProperty("read").GetBoolean() && list[0].GetProperty("send").GetBoolean() && !list[0].GetProperty("manage").GetBoolean());
        Assert.Equal(1, (await gateway.RunAsync("grant", "chat", "--key", "1", "--chat", "tg:2:5", "--read", "--json")).ExitCode);
        Assert.Equal(1, (await gateway.RunAsync("grant", "bot", "--key", "9", "--bot", "1", "--read", "--json")).ExitCode);
    }

    [Theory]
    [InlineData("bot", "add", "--json")]
    [InlineData("bot", "add", "--token", "no token", "--json")]
    [InlineData("apikey", "create", "--name", "x", "--expires", "yesterday", "--json")]
    [InlineData("apikey", "create", "--name", "x", "--scope", "bots:fly", "--json")]
    [InlineData("apikey", "create", "--name", "x", "--rate", "0", "--json")]
    [InlineData("apikey", "create", "--name", "x", "--burst", "1000001", "--json")]
    [InlineData("apikey", "create", "--name", "", "--json")]
    [InlineData("grant", "bot", "--key", "1", "--user", "1", "--bot", "1", "--read", "--json")]
    [InlineData("grant", "bot", "--bot", "1", "--read", "--json")]
    [InlineData("grant", "chat", "--key", "1", "--chat", "5", "--thread", "0", "--read", "--json")]
    [InlineData("grant", "bot", "--key", "1", "--bot", "1", "--json")]
    [InlineData("nonsense", "--json")]
    [InlineData("apikey", "list", "--database", "mysql://user:hunter2@127.0.0.1:1/x", "--json")]
    public async Task Misuse_WithJson_IsExitCode2AndOneObject(params string[] arguments)
    {
        var answer = await gateway.RunAsync(arguments);
        Assert.Equal(2, answer.ExitCode);
        Assert.NotEmpty(answer.Json.GetProperty("code").GetString()!);
        Assert.DoesNotContain("hunter2", answer.Output + answer.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UserAdd_WithAPasswordFile_AddsOnce()
    {
        string[] add = ["user", "add", "--name", "anna", "--role", "viewer", "--password-file", gateway.FileOf("password", "correct horse\n"), "--json"];
        Assert.Equal("viewer", (await gateway.RunAsync(add)).Json.GetProperty("role").GetString());
        Assert.Equal("NAME_TAKEN", (await gateway.RunAsync(add)).Json.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Migrate_OfARestoredDatabase_GivesTheLogANewIdentity()
    {
        var before = (await gateway.RunAsync("migrate", "--json")).Json;
        var after = (await gateway.RunAsync("migrate", "--restored", "--json")).Json;

        Assert.Equal(0, before.GetProperty("seq").GetInt64());
        Assert.NotEqual(before.GetProperty("log_id").GetString(), after.GetProperty("log_id").GetString());
        Assert.True(after.GetProperty("seq").GetInt64() >= 1_000_000);
    }

    [Fact]
    public void Doctor_ClocksApart_WarnsOverTheBound()
    {
        Assert.Equal("ok", DoctorCommand.JudgeClock(Limits.Cli.ClockSeconds).Status);
        Assert.Equal("warning", DoctorCommand.JudgeClock(Limits.Cli.ClockSeconds + 1).Status);
    }

    [Fact]
    public async Task Doctor_WithTelegramAway_WarnsAndFindsTheRestGood()
    {
        await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--base-url", "http://127.0.0.1:1");
        var doctor = await gateway.RunAsync("doctor", "--json");

        Assert.Equal(0, doctor.ExitCode);
        var checks = doctor.Json.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("check").GetString()!, check => check.GetProperty("status").GetString());
        Assert.Equal(("ok", "ok", "ok", "warning"), (checks["database"], checks["log"], checks["clock"], checks["bot 1"]));
        Assert.DoesNotContain("AAHdq", doctor.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WithAnotherMasterKey_SaysSo()
    {
        await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify");
        var doctor = await gateway.RunWithAsync([("GATEWAY__MasterKey", Convert.ToBase64String(new byte[32]))], "doctor", "--json");
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains("another master key", doctor.Output, StringComparison.Ordinal);
    }

    /// <summary>Regression: in the wrong folder it made a database and a master key there and found both in good health.</summary>
    [Fact]
    public async Task Doctor_WhereNothingIs_SaysSoAndMakesNothing()
    {
        var doctor = await gateway.RunAsync("doctor", "--json");
        Assert.Equal((1, "NO_DATABASE"), (doctor.ExitCode, doctor.Json.GetProperty("code").GetString()));
        Assert.False(Directory.Exists(gateway.DataFolder));
    }

    /// <summary>Regression: an update without --secret-token, as for a new token, took the header's check away.</summary>
    [Fact]
    public async Task BotUpdate_WithoutASecretToken_KeepsTheOneThatIsChecked()
    {
        await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--secret-token", "0123456789012345678901");
        Assert.NotNull(await ReadAsync("SELECT secret_token_hash FROM bots"));
        Assert.Equal(0, (await gateway.RunAsync("bot", "add", "--token", Token + "x", "--no-verify", "--update")).ExitCode);
        Assert.Equal(SecretHash.Of("0123456789012345678901"), await ReadAsync("SELECT secret_token_hash FROM bots"));
        Assert.Equal(SecretHash.Of(Token + "x"), await ReadAsync("SELECT token_hash FROM bots"));
    }

    /// <summary>Regression: an update that named neither took the bot to another server and another mode.</summary>
    [Fact]
    public async Task BotUpdate_WithoutBaseUrlAndMode_KeepsBoth()
    {
        await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--poll", "--base-url", "http://127.0.0.1:8081");
        var updated = await gateway.RunAsync("bot", "add", "--token", Token + "x", "--no-verify", "--update", "--json");

        Assert.Equal("poll", updated.Json.GetProperty("mode").GetString());
        Assert.Equal("http://127.0.0.1:8081", await ReadAsync("SELECT base_url FROM bots"));
        Assert.Equal("poll", await ReadAsync("SELECT mode FROM bots"));

        Assert.Equal(0, (await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--update", "--webhook")).ExitCode);
        Assert.Equal("webhook", await ReadAsync("SELECT mode FROM bots"));
        Assert.Equal("http://127.0.0.1:8081", await ReadAsync("SELECT base_url FROM bots"));
    }

    [Fact]
    public async Task BotAdd_GivenBackAndAddedAgain_HasNoneOfItsOldSettings()
    {
        var added = await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify", "--poll", "--base-url", "http://127.0.0.1:8081", "--json");
        await gateway.RunAsync("bot", "remove", "--id", added.Json.GetProperty("id").GetRawText());
        Assert.Equal(0, (await gateway.RunAsync("bot", "add", "--token", Token, "--no-verify")).ExitCode);

        Assert.Equal("webhook", await ReadAsync("SELECT mode FROM bots"));
        Assert.Null(await ReadAsync("SELECT base_url FROM bots"));
    }

    private async Task<object?> ReadAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(gateway.DataFolder, "gateway.db")};Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync() is var value and not DBNull ? value : null;
    }

    [Fact]
    public async Task Health_WithNobodyThere_IsExitCode3() =>
        Assert.Equal(3, (await gateway.RunAsync("health", "--http", "127.0.0.1:1", "--json")).ExitCode);

    public void Dispose() => gateway.Dispose();
}
