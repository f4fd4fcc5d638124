using System.Text.Json;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Tests.Cli.Apply;

/// <summary>One gateway and one file for <c>apply</c>; the same steps on either engine.</summary>
internal sealed class ApplyScript(GatewayProgram gateway, IDatabase database, params (string Name, string Value)[] environment)
{
    public const string Token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
    public const string Password = "correct horse battery";

    public const string Whole =
        """
        bots:
          - name: support
            token: env:SUPPORT_TOKEN
            mode: poll
            label: Desk
            retention_days: 7
            secret_token: file:header
        chats:
          - { bot: support, chat: -1001, label: Helpdesk }
        keys:
          - name: desk
            scopes: [messages:send, messages:read]
            expires: 2099-01-31T00:00:00Z
            rate_per_second: 10
            secret: file:keys/desk
        users:
          - { name: anna, roles: [operator, viewer], password: file:password }
          - { name: root, roles: [admin], password: file:password }
        grants:
          - { key: desk, bot: support, chat: -1001, rights: [read, send] }
          - { key: desk, bot: support, chat: -1001, thread: 7, rights: [manage] }
          - { user: anna, bot: support, rights: [read] }
        feedback:
          - { key: desk, bot: support, chat: -1001 }

        """;

    private const string Nothing = "bots: []\nkeys: []\nusers: []\ngrants: []\nfeedback: []\n";

    public string KeyPath => Path.Combine(Path.GetDirectoryName(gateway.DataFolder)!, "keys", "desk");

    public void WriteSecrets()
    {
        foreach (var (name, text) in new[] { ("header", "header-secret-of-telegram"), ("password", Password) })
        {
            var path = gateway.FileOf(name, text);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>Runs it, and sees to it that nothing secret was printed.</summary>
    public async Task<ProgramAnswer> ApplyAsync(string text, params string[] arguments)
    {
        var path = gateway.FileOf("gateway.yaml", text);
        var answer = await gateway.RunWithAsync([.. environment, ("SUPPORT_TOKEN", Token)], ["apply", "-f", path, "--no-verify", .. arguments]);
        foreach (var secret in new[] { Token, Password, "header-secret-of-telegram", "AAHdq" })
            Assert.DoesNotContain(secret, answer.Output + answer.Errors, StringComparison.Ordinal);
        return answer;
    }

    public async Task<JsonElement> DoneAsync(string text, params string[] arguments)
    {
        var answer = await ApplyAsync(text, [.. arguments, "--json"]);
        Assert.True(answer.ExitCode == 0, answer.Output + answer.Errors);
        return answer.Json;
    }

    public static string[] Changes(JsonElement answer) =>
        [.. answer.GetProperty("changes").EnumerateArray().Select(change => $"{change.GetProperty("action").GetString()} {change.GetProperty("kind").GetString()} {change.GetProperty("made").GetBoolean()}")];

    public async Task<long> ReadAsync(string sql)
    {
        await using var connection = await database.OpenAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public Task<long> VersionAsync() => ReadAsync("SELECT version FROM control_version");

    /// <summary>From nothing, again, changed, and pruned.</summary>
    public async Task RunAsync()
    {
        WriteSecrets();
        var first = await DoneAsync(Whole);
        Assert.Equal((9, 0, 0), (first.GetProperty("add").GetInt32(), first.GetProperty("change").GetInt32(), first.GetProperty("remove").GetInt32()));
        Assert.DoesNotContain("False", string.Join(' ', Changes(first)), StringComparison.Ordinal);
        Assert.StartsWith("tgw_", File.ReadAllText(KeyPath), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
        Assert.Equal(9, await ReadAsync("SELECT COUNT(*) FROM audit_log WHERE actor_kind = 3"));

        Assert.Equal(1, await ReadAsync("SELECT COUNT(*) FROM bots WHERE label = 'Desk' AND retention_days = 7"));
        Assert.Equal(1, await ReadAsync("SELECT COUNT(*) FROM feedback_grants f JOIN chats c ON c.id = f.chat_id WHERE c.telegram_chat_id = -1001"));

        var version = await VersionAsync();
        var key = File.ReadAllText(KeyPath);
        Assert.Empty(Changes(await DoneAsync(Whole, "--prune")));
        Assert.Equal((version, key), (await VersionAsync(), File.ReadAllText(KeyPath)));

        var changed = Whole.Replace("label: Helpdesk", $"label: {new string('h', 256)}", StringComparison.Ordinal)
            .Replace("retention_days: 7", "retention_days: 8", StringComparison.Ordinal)
            .Replace("rights: [read, send]", "rights: [read]", StringComparison.Ordinal)
            .Replace("[operator, viewer]", "[viewer]", StringComparison.Ordinal)
            .Replace("rate_per_second: 10", "rate_per_second: 20", StringComparison.Ordinal);
        Assert.Equal(["change bot True", "change chat True", "change key True", "change user True", "change grant True"], Changes(await DoneAsync(changed)));
        Assert.Empty(Changes(await DoneAsync(changed)));
        Assert.Equal(key, File.ReadAllText(KeyPath));

        var pruned = await DoneAsync(Nothing, "--prune");
        Assert.Equal(["remove feedback True", "remove grant True", "remove grant True", "remove grant True", "remove key True", "remove user True", "remove bot True"], Changes(pruned));
        Assert.Equal("user root: is the last administrator", Assert.Single(pruned.GetProperty("kept").EnumerateArray()).GetString());
        Assert.Empty(Changes(await DoneAsync(Nothing, "--prune")));
    }

    /// <summary>Two processes with one file, first without the keys and then with keys that a crash left without a text.</summary>
    public async Task RunTwoAtOnceAsync()
    {
        const int keys = 4;
        var text = "keys:\n" + string.Concat(Enumerable.Range(0, keys).Select(key => $"  - {{ name: key{key}, secret: file:keys/{key} }}\n"));
        var path = gateway.FileOf("gateway.yaml", text);
        foreach (var areThere in new[] { false, true })
        {
            if (areThere) await ControlTransaction.RunAsync(database, commands => commands.ExecuteAsync("UPDATE api_keys SET hash = ''"), CancellationToken.None);
            await using var connection = await database.OpenAsync(CancellationToken.None);
            // On a server both have compared the file with the database, and neither can have changed anything: the row that every change needs is taken.
            // An embedded database that somebody writes to is not even opened; there they run as they come.
            await using var transaction = database is MySqlDatabase ? await database.BeginWriteAsync(connection, CancellationToken.None) : null;
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "UPDATE control_version SET version = version + 1";
            await command.ExecuteNonQueryAsync();
            var both = await gateway.RunTwoAsync(environment, "{\"keys\":[", () => transaction?.CommitAsync() ?? Task.CompletedTask, "apply", "-f", path, "--json");
            Assert.All(both, answer => Assert.True(answer.ExitCode is 0 || answer.Json.GetProperty("code").GetString() == "APPLY_INCOMPLETE", answer.Output + answer.Errors));
            if (transaction is not null) Assert.NotEqual(both[0].ExitCode, both[1].ExitCode);
            await AssertFilesWorkAsync(keys);
        }
    }

    /// <summary>Each key is there once, and what is in its file is what it takes.</summary>
    private async Task AssertFilesWorkAsync(int keys)
    {
        using var hasher = new ApiKeyHasher();
        var rows = await ControlTransaction.RunQuietAsync(
            database, commands => commands.ReadRowsAsync("SELECT name, hash FROM api_keys ORDER BY name", row => (Name: row.GetString(0), Hash: row.GetString(1))), CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, keys).Select(key => $"key{key}"), rows.Select(row => row.Name));
        foreach (var row in rows)
        {
            var text = File.ReadAllText(Path.Combine(Path.GetDirectoryName(KeyPath)!, row.Name["key".Length..])).Trim();
            Assert.True(await hasher.VerifyAsync(text, row.Hash), $"the file of {row.Name} does not work");
        }
    }
}
