using Gateway.Storage;

namespace Gateway.Tests.Cli.Apply;

public sealed class ApplyTests : IAsyncLifetime
{
    private readonly GatewayProgram gateway = new();
    private SqliteDatabase database = null!;
    private ApplyScript script = null!;

    public Task InitializeAsync()
    {
        Directory.CreateDirectory(gateway.DataFolder);
        database = new SqliteDatabase(Path.Combine(gateway.DataFolder, StorageUrl.SqliteFileName));
        script = new ApplyScript(gateway, database);
        // The master key is made only where there is no database yet: let the program make both.
        return gateway.RunAsync("migrate");
    }

    public async Task DisposeAsync()
    {
        await database.DisposeAsync();
        gateway.Dispose();
    }

    [Fact]
    public Task Apply_FromNothingAgainChangedAndPruned_MakesItSo() => script.RunAsync();

    /// <summary>Regression: a file could have a text that its key did not take, and a name two keys.</summary>
    [Fact]
    public Task Apply_TwoAtOnce_LeaveEachKeyOnceWithItsTextInItsFile() => script.RunTwoAtOnceAsync();

    [Fact]
    public async Task DryRun_ShowsTheDifferenceAndChangesNothing()
    {
        script.WriteSecrets();
        var version = await script.VersionAsync();
        var shown = await script.ApplyAsync(ApplyScript.Whole, "--dry-run");
        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("+ bot support (123456789): mode poll, label Desk, retention_days 7, token (secret), secret_token (secret)", shown.Output, StringComparison.Ordinal);
        Assert.Contains("9 changes: 9 to add, 0 to change, 0 to remove; nothing was changed", shown.Output, StringComparison.Ordinal);
        Assert.All(ApplyScript.Changes(await script.DoneAsync(ApplyScript.Whole, "--dry-run")), change => Assert.EndsWith("False", change, StringComparison.Ordinal));
        Assert.Equal(version, await script.VersionAsync());
        Assert.False(File.Exists(script.KeyPath));
    }

    /// <summary>Whoever writes his first file looks at it before there is a gateway.</summary>
    [Fact]
    public async Task DryRun_WhereThereIsNoDatabase_ShowsAllAsNewAndMakesNothing()
    {
        script.WriteSecrets();
        await database.DisposeAsync();
        Directory.Delete(gateway.DataFolder, recursive: true);
        var shown = await script.ApplyAsync(ApplyScript.Whole, "--dry-run", "--json");
        Assert.True(shown.ExitCode == 0, shown.Output + shown.Errors);
        Assert.Equal(9, shown.Json.GetProperty("add").GetInt32());
        Assert.Contains("there is no database", shown.Errors, StringComparison.Ordinal);
        var wrong = await script.ApplyAsync("grants:\n  - { key: nobody, bot: 5, rights: [read] }\n", "--dry-run", "--json");
        Assert.Equal((2, 2), (wrong.ExitCode, wrong.Json.GetProperty("details").GetProperty("errors").GetArrayLength()));
        Assert.False(Directory.Exists(gateway.DataFolder));
    }

    [Fact]
    public async Task Apply_WithErrors_TellsAllWithTheirPlacesAndChangesNothing()
    {
        script.WriteSecrets();
        var version = await script.VersionAsync();
        var refused = await script.ApplyAsync($"keyz: []\nbots:\n  - name: a\n    token: {ApplyScript.Token}\n", "--json");
        Assert.Equal((2, "INVALID_CONFIGURATION"), (refused.ExitCode, refused.Json.GetProperty("code").GetString()));
        var errors = refused.Json.GetProperty("details").GetProperty("errors");
        Assert.Equal([(1, 1), (4, 12)], errors.EnumerateArray().Select(error => (error.GetProperty("line").GetInt32(), error.GetProperty("column").GetInt32())));

        var shown = await script.ApplyAsync("keys:\n  - { name: a, admin: perhaps }\n");
        Assert.Equal(2, shown.ExitCode);
        Assert.Contains("gateway.yaml:2:23: key: admin is true or false", shown.Errors, StringComparison.Ordinal);
        var nowhere = await script.ApplyAsync("grants:\n  - { key: nobody, bot: 5, rights: [read] }\n", "--json");
        Assert.Equal(2, nowhere.Json.GetProperty("details").GetProperty("errors").GetArrayLength());
        Assert.Equal(version, await script.VersionAsync());
    }

    [Fact]
    public async Task Apply_AKeyWithoutAFile_IsShownOnce()
    {
        var first = await script.DoneAsync("keys: [{ name: desk }]");
        Assert.StartsWith("tgw_1_", first.GetProperty("keys")[0].GetProperty("key").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, (await script.DoneAsync("keys: [{ name: desk }]")).GetProperty("keys").GetArrayLength());
    }

    /// <summary>Regression: keys were shown at the very end, so whatever ended the command before lost them, though they were good.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Apply_KilledBehindAKeyWithoutAFile_HasShownIt(bool json)
    {
        script.WriteSecrets();
        // Each takes a password's hash of time: the command is at work long behind the key.
        var users = string.Join('\n', Enumerable.Range(0, 40).Select(user => $"  - {{ name: user{user}, roles: [viewer], password: file:password }}"));
        var path = gateway.FileOf("gateway.yaml", $"keys:\n  - name: desk\nusers:\n{users}\n");
        string[] arguments = ["apply", "-f", path, .. json ? ["--json"] : Array.Empty<string>()];
        var output = await gateway.KilledWhenAsync(async () => await script.ReadAsync("SELECT COUNT(*) FROM users") > 1, arguments);

        Assert.NotNull(output);
        Assert.Equal(1, await script.ReadAsync("SELECT COUNT(*) FROM api_keys WHERE hash <> ''"));
        Assert.Contains("tgw_1_", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_ThatFailsBehindAKeyWithoutAFile_ShowsItInTheOneObject()
    {
        File.WriteAllText(Path.Combine(gateway.DataFolder, "..", "in-the-way"), "");
        var failed = await script.ApplyAsync("keys: [{ name: first }, { name: second, secret: file:in-the-way/key }]", "--json");
        Assert.Equal((1, "APPLY_INCOMPLETE"), (failed.ExitCode, failed.Json.GetProperty("code").GetString()));
        Assert.StartsWith("tgw_1_", Assert.Single(failed.Json.GetProperty("keys").EnumerateArray()).GetProperty("key").GetString(), StringComparison.Ordinal);
    }

    /// <summary>The process was killed between the key's row and its hash: nobody has a text that the row takes.</summary>
    [Fact]
    public async Task Apply_AfterItWasKilledWhileAKeyWasMade_MakesThatKeyAgain()
    {
        script.WriteSecrets();
        await script.DoneAsync(ApplyScript.Whole);
        var before = File.ReadAllText(script.KeyPath);
        await script.ReadAsync("UPDATE api_keys SET hash = '' RETURNING id");

        var again = await script.DoneAsync(ApplyScript.Whole);
        Assert.Equal(["change key True"], ApplyScript.Changes(again));
        Assert.NotEqual(before, File.ReadAllText(script.KeyPath));
        Assert.Equal(1, await script.ReadAsync("SELECT COUNT(*) FROM api_keys WHERE hash <> ''"));
        Assert.Empty(ApplyScript.Changes(await script.DoneAsync(ApplyScript.Whole)));
    }

    [Fact]
    public async Task Apply_ThatFailsInTheMiddle_SaysHowFarItCameAndARerunCompletesIt()
    {
        script.WriteSecrets();
        var path = script.KeyPath;
        // A folder in the way of the key's file: the bot and the chat are made, the key cannot be handed over.
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(Path.Combine(gateway.DataFolder, "..", "in-the-way"), "");
        var blocked = ApplyScript.Whole.Replace("file:keys/desk", "file:in-the-way/desk", StringComparison.Ordinal);
        var failed = await script.ApplyAsync(blocked, "--json");
        Assert.Equal((1, "APPLY_INCOMPLETE"), (failed.ExitCode, failed.Json.GetProperty("code").GetString()));
        Assert.StartsWith("key desk: ", failed.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(["add bot True", "add chat True", "add key False"], ApplyScript.Changes(failed.Json)[..3]);

        var rest = ApplyScript.Changes(await script.DoneAsync(ApplyScript.Whole));
        Assert.Equal(["change key True", "add user True", "add user True", "add grant True", "add grant True", "add grant True", "add feedback True"], rest);
        Assert.StartsWith("tgw_", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_TheExample_IsUnderstood()
    {
        script.WriteSecrets();
        var example = File.ReadAllText(Path.Combine(Repository.RepositoryRoot.Folder, "examples", "gateway.yaml"));
        foreach (var name in new[] { "secrets/anna.password", "secrets/root.password" })
        {
            var target = Path.Combine(gateway.DataFolder, "..", name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllText(target, ApplyScript.Password);
        }

        Assert.Equal(0, (await script.DoneAsync(example)).GetProperty("remove").GetInt32());
        Assert.Empty(ApplyScript.Changes(await script.DoneAsync(example, "--prune")));
    }
}
