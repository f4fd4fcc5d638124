using System.Text;
using Gateway.Cli.Apply;
using Gateway.Messages;

namespace Gateway.Tests.Cli.Apply;

public sealed class ConfigurationReaderTests : IDisposable
{
    private const string Token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

    private readonly string folder = Directory.CreateTempSubdirectory("gateway-apply-").FullName;
    private readonly List<string> warnings = [];

    public ConfigurationReaderTests()
    {
        File.WriteAllText(Path.Combine(folder, "token"), Token + "\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(folder, "token"), UnixFileMode.UserRead);
    }

    [Fact]
    public void Read_EverySection_HasWhatTheFileSays()
    {
        var file = Read("""
            bots:
              - name: support
                token: file:token
                mode: poll
            chats:
              - { bot: support, chat: -1001, label: Helpdesk }
            keys:
              - name: desk
                scopes: [messages:send, messages:read]
                expires: 2027-01-31T00:00:00Z
                secret: file:desk.key
                rate_per_second: 10
            users:
              - { name: anna, roles: [operator], password: file:token }
            grants:
              - { key: desk, bot: support, chat: -1001, rights: [read, send] }
              - { user: anna, bot: 42, rights: [manage] }
            """);

        var bot = Assert.Single(file.Bots!);
        Assert.Equal((123456789, Token, "poll"), (bot.TelegramId, bot.Token, bot.Mode));
        Assert.Equal((123456789, -1001L, "Helpdesk"), (file.Chats![0].Bot, file.Chats[0].TelegramId, file.Chats[0].Label));
        var key = Assert.Single(file.Keys!);
        Assert.Equal((1801353600000, Path.Combine(folder, "desk.key"), 10), (key.ExpiresAtMs, key.SecretFile, key.RatePerSecond));
        Assert.Equal(["operator"], file.Users![0].Roles);
        Assert.Equal((-1001L, true, true, false), (file.Grants![0].Chat, file.Grants[0].CanRead, file.Grants[0].CanSend, file.Grants[0].CanManage));
        Assert.Equal((null, "anna", 42, null), (file.Grants[1].Key, file.Grants[1].User, file.Grants[1].Bot, file.Grants[1].Chat));
        Assert.Empty(warnings);
    }

    [Fact]
    public void Read_WhatWouldMeanMoreOrShowMoreThanIsWritten_IsAnError()
    {
        Assert.Contains("scopes names at least one", Assert.Single(Fail("keys: [{ name: desk, scopes: [] }]")), StringComparison.Ordinal);
        Assert.Contains("without a user", Assert.Single(Fail("bots: [{ name: a, token: file:token, base_url: 'http://me:password@host' }]")), StringComparison.Ordinal);
        Assert.Single(Fail($"bots: [{{ name: a, token: file:token, base_url: 'http://host/{new string('x', 255)}' }}]"));
        Assert.Single(Fail("bots: [{ name: a, token: file:token, retention_days: 1 }]"));
        Assert.Single(Fail($"chats: [{{ bot: 5, chat: 5, label: {new string('x', 257)} }}]"));
    }

    [Fact]
    public void Read_ASectionThatIsNotThere_IsNullAndAnEmptyOneIsNot()
    {
        var file = Read("keys: []");
        Assert.Null(file.Bots);
        Assert.Empty(file.Keys!);
    }

    [Fact]
    public void Read_ManyErrors_AreAllToldWithLineAndColumn()
    {
        var errors = Fail("""
            bots:
              - name: support
                tokn: file:token
            keyz: []
            users:
              - name: anna
                roles: [boss]
                disabled: maybe
            grants:
              - key: desk
                user: anna
                bot: nobody
                rights: []
            """);

        Assert.Equal(
            [
                "2:5 bot: token is missing",
                "3:5 bot: there is no field tokn here; there are name, token, telegram_id, mode, webhook_secret, secret_token, base_url, label, retention_days",
                "4:1 there is no section keyz; there are bots, chats, keys, users, grants, feedback",
                "7:13 user: roles: each one is one of admin, operator, viewer",
                "8:15 user: disabled is true or false",
                "10:5 grant: is a key's or a user's: name one of key and user",
                "12:5 grant: bot nobody is no name of the section bots, and no Telegram id",
                "13:5 grant: rights names at least one of read, send, manage; to take a grant back, take it out and use --prune",
            ],
            errors);
    }

    [Theory]
    [InlineData("bots: [{name: a, token: '" + Token + "'}]", "1:25 bot: token: a secret is given as file:PATH or env:NAME and never stands in this file")]
    [InlineData("users: [{name: a, roles: [], password: hunter2}]", "1:40 user: password: a secret is given as file:PATH or env:NAME and never stands in this file")]
    [InlineData("keys: [{name: a, secret: tgw_1_abc}]", "1:18 key: secret is file:PATH, where the new key is to be written; keys are made by the gateway and never stand in this file")]
    public void Read_ALiteralSecret_IsRefusedAndNotRepeated(string text, string expected) => Assert.Equal([expected], Fail(text));

    [Theory]
    [InlineData("a: &x 1\nb: *x", "anchors")]
    [InlineData("a: *x", "")]
    [InlineData("keys: !!set {}", "tags")]
    [InlineData("keys: []\n---\nkeys: []", "second document")]
    [InlineData("keys: []\nkeys: []", "is there twice")]
    [InlineData("keys: [", "is not YAML")]
    [InlineData("keys: {}", "keys is a list")]
    [InlineData("keys:", "keys is a list")]
    [InlineData("", "a configuration has the sections")]
    [InlineData("[]", "a configuration has the sections")]
    [InlineData("? [a, b]\n: 1", "a field's name is a word")]
    public void Read_WhatIsMoreOrLessThanData_IsRefused(string text, string expected) =>
        Assert.Contains(Fail(text), error => error.Contains(expected, StringComparison.Ordinal));

    /// <summary>Each level names the one before ten times: a few hundred bytes that stand for a billion nodes.</summary>
    [Fact]
    public void Read_ABombOfAliases_IsRefusedAtOnce()
    {
        var text = new StringBuilder("a0: &a0 [x]\n");
        for (var level = 1; level < 10; level++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{level}: &a{level} [{string.Join(',', Enumerable.Repeat($"*a{level - 1}", 10))}]\n");

        Assert.Equal(100, Fail(text.ToString()).Count);
    }

    [Fact]
    public void Read_DeeperThanTheBound_IsRefused()
    {
        var depth = Limits.Cli.ConfigurationDepth;
        Assert.Contains(Fail($"keys: {new string('[', depth)}{new string(']', depth)}"), error => error.Contains("too deeply nested", StringComparison.Ordinal));
        Assert.Contains(Fail($"keys: {new string('[', 200_000)}"), error => error.Contains("too deeply nested", StringComparison.Ordinal));
        Assert.DoesNotContain(Fail($"keys: {new string('[', depth - 1)}{new string(']', depth - 1)}"), error => error.Contains("nested", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_ASecretThatIsNotThere_TellsThePlaceOnly()
    {
        var errors = Fail("bots: [{name: a, token: 'env:GATEWAY_TEST_NO_SUCH'}, {name: b, token: 'file:nowhere'}]");
        Assert.Contains("GATEWAY_TEST_NO_SUCH is not set", errors[0], StringComparison.Ordinal);
        Assert.Contains("nowhere", errors[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ASecretThatEverybodyMayRead_Warns()
    {
        if (OperatingSystem.IsWindows()) return;
        File.SetUnixFileMode(Path.Combine(folder, "token"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Read("bots: [{name: a, token: 'file:token'}]");
        Assert.Contains("chmod 600", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_OverTheBound_IsRefused()
    {
        var path = Path.Combine(folder, "large.yaml");
        File.WriteAllText(path, new string('#', Limits.Cli.ConfigurationBytes));
        Assert.Equal(Limits.Cli.ConfigurationBytes, (await ConfigurationText.ReadAsync(path, CancellationToken.None)).Text!.Length);
        File.AppendAllText(path, "#");
        var (text, reason) = await ConfigurationText.ReadAsync(path, CancellationToken.None);
        Assert.Null(text);
        Assert.Contains("has more than", reason, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private ConfigurationFile Read(string text)
    {
        var errors = new ConfigurationErrors();
        var file = ConfigurationReader.Read(text, folder, warnings.Add, errors);
        Assert.Empty(errors.All);
        return file!;
    }

    private List<string> Fail(string text)
    {
        var errors = new ConfigurationErrors();
        Assert.Null(ConfigurationReader.Read(text, folder, warnings.Add, errors));
        Assert.DoesNotContain(errors.All, error => error.Message.Contains("hunter2", StringComparison.Ordinal) || error.Message.Contains("AAHdq", StringComparison.Ordinal));
        return [.. errors.All.Select(error => $"{error.At.Line}:{error.At.Column} {error.Message}")];
    }
}
