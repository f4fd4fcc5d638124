using Gateway.Access;
using Gateway.Cli;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Tests.Cli;

public sealed class DoctorTests : IDisposable
{
    private readonly GatewayProgram gateway = new();

    [Fact]
    public async Task Keys_ThatExpireSoon_AreWarnedOf()
    {
        var days = (int)Limits.Cli.KeyExpiryNotice.TotalDays;
        await gateway.RunAsync("apikey", "create", "--name", "later", "--expires", $"{days + 1}d");
        Assert.Equal("ok", (await CheckAsync("api keys")).Status);
        await gateway.RunAsync("apikey", "create", "--name", "soon", "--expires", $"{days - 1}d");
        Assert.Equal(("warning", $"2; 0 have expired, 1 expire within {days} days (gateway apikey list)"), await CheckAsync("api keys"));
        Assert.Contains("1 have expired", AccessChecks.JudgeKeys(1, 1, 0).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Disk_BelowTheBound_IsWarnedOf()
    {
        Assert.Equal("ok", AccessChecks.JudgeDisk(Limits.Cli.DiskMegabytes, 0).Status);
        Assert.Equal("warning", AccessChecks.JudgeDisk(Limits.Cli.DiskMegabytes - 1, 0).Status);
        Assert.Equal("warning", AccessChecks.JudgeDisk(Limits.Cli.DiskMegabytes, Limits.Cli.DiskMegabytes + 1).Status);
    }

    [Fact]
    public async Task Users_WithoutAnAdministrator_AreWarnedOf()
    {
        await gateway.RunAsync("migrate");
        Assert.Equal("warning", (await CheckAsync("users")).Status);
        await AddAsync("anna", "viewer");
        Assert.Contains("none who is an administrator", (await CheckAsync("users")).Message, StringComparison.Ordinal);
        await AddAsync("root", "admin");
        Assert.Equal("ok", (await CheckAsync("users")).Status);
    }

    [Fact]
    public async Task MasterKey_OfAnotherDatabaseOrForEverybodyToRead_IsTold()
    {
        await gateway.RunAsync("bot", "add", "--token", "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "--no-verify");
        var path = Path.Combine(gateway.DataFolder, MasterKeyFile.Name);
        Assert.Equal("ok", (await CheckAsync("master key")).Status);
        File.WriteAllText(path, MasterKey.Create().Export());
        Assert.Equal("failed", (await CheckAsync("master key")).Status);
        if (OperatingSystem.IsWindows()) return;
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal("warning", (await CheckAsync("master key file")).Status);
    }

    [Fact]
    public async Task TrustedProxies_Malformed_AreToldWithTheEntryAndWhereItStands()
    {
        var answer = await gateway.RunWithAsync([("GATEWAY__Http__TrustedProxies", "192.0.2.1,10.1.0.0/8")], "doctor");
        Assert.Equal(2, answer.ExitCode);
        Assert.Contains(
            "Http:TrustedProxies: '10.1.0.0/8' is an address inside a network, and not a network: bits are set after the first 8 (environment variable GATEWAY__Http__TrustedProxies)",
            answer.Errors, StringComparison.Ordinal);
    }

    /// <summary>Regression: one damaged token made every master key fit.</summary>
    [Fact]
    public async Task MasterKey_WithADamagedRow_FitsOnlyWhenItOpensTheRestAndTheRowIsNamed()
    {
        foreach (var token in new[] { "1", "2" }) await gateway.RunAsync("bot", "add", "--token", $"{token}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "--no-verify");
        await using (var database = new SqliteDatabase(Path.Combine(gateway.DataFolder, StorageUrl.SqliteFileName)))
        {
            await ControlTransaction.RunAsync(database, commands => commands.ExecuteAsync("UPDATE bots SET token_cipher = x'00', webhook_secret_cipher = x'00' WHERE id = 1"), default);
        }

        Assert.Equal("ok", (await CheckAsync("master key")).Status);
        Assert.Equal(("failed", "is damaged in the database; 'gateway bot add --update' with the token seals it anew"), await CheckAsync("bot 1: token"));
        Assert.Equal(("warning", "is damaged in the database; 'gateway bot add --update' with --webhook-secret seals it anew"), await CheckAsync("bot 1: webhook secret"));
        File.WriteAllText(Path.Combine(gateway.DataFolder, MasterKeyFile.Name), MasterKey.Create().Export());
        Assert.Equal("failed", (await CheckAsync("master key")).Status);
    }

    public void Dispose() => gateway.Dispose();

    private async Task AddAsync(string name, string role) =>
        Assert.Equal(0, (await gateway.RunAsync("user", "add", "--name", name, "--role", role, "--password-file", gateway.FileOf("password", "correct horse battery"))).ExitCode);

    private async Task<(string Status, string Message)> CheckAsync(string name)
    {
        var answer = await gateway.RunAsync("doctor", "--json", "--config", gateway.FileOf("settings.json", """{"Telegram":{"BaseUrl":"http://127.0.0.1:1"}}"""));
        var check = answer.Json.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("check").GetString() == name);
        return (check.GetProperty("status").GetString()!, check.GetProperty("message").GetString()!);
    }
}
