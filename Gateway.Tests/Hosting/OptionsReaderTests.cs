using System.Collections;
using Gateway.Access;
using Gateway.Hosting;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Telemetry;

namespace Gateway.Tests.Hosting;

public sealed class OptionsReaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gateway-options-").FullName;
    private readonly OptionValues values = new();

    [Fact]
    public void Nothing_Given_IsTheEmbeddedDefault()
    {
        var options = Read();
        Assert.Equal("data", options.DataFolder);
        Assert.True(options.Storage.IsSqlite);
        Assert.Equal("127.0.0.1:8080", options.Http.Listen.ToString());
        Assert.Equal(30, options.RetentionDays);
    }

    [Fact]
    public void Sources_InTheirOrder_LaterOnesWin()
    {
        values.AddFile(Write("""{ "Http": { "Listen": "127.0.0.1:1" }, "Log": { "RetentionDays": 7 }, "Data": "file", /* why */ "Logging": { "Format": "Json" }, }"""), mustExist: true);
        values.AddEnvironment(new Hashtable { ["GATEWAY__Http__Listen"] = "127.0.0.1:2", ["GATEWAY__DATA"] = "environment", ["PATH"] = "/bin" });
        values.SetFromArgument("Http:Listen", "127.0.0.1:3", "--http");

        var options = Read();
        Assert.Equal(3, options.Http.Listen.Port);
        Assert.Equal("environment", options.DataFolder);
        Assert.Equal(7, options.RetentionDays);
        Assert.Equal(LogFormat.Json, options.Logging.Format);
    }

    [Theory]
    [InlineData("https://bots.example.com", true)]
    [InlineData("https://bots.example.com:8443/gateway/", true)]
    [InlineData("http://bots.example.com", false)]
    [InlineData("https://bots.example.com:9000", false)]
    [InlineData("https://bots.example.com/?x=1", false)]
    [InlineData("https://user@bots.example.com", false)]
    [InlineData("bots.example.com", false)]
    [InlineData("ftp://bots.example.com", false)]
    public void PublicUrl_ThatTelegramPostsTo_IsTaken(string url, bool isGood)
    {
        values.Set("PublicUrl", url, "test");
        var outcome = OptionsReader.Read(values);
        Assert.Equal(isGood, outcome.Options is not null);
        if (isGood) Assert.Equal(new Uri(url), outcome.Options!.PublicUrl);
        else Assert.StartsWith("PublicUrl: '", Assert.Single(outcome.Errors), StringComparison.Ordinal);
    }

    /// <summary>A server of one's own posts to any address (Bot API, "Using a Local Bot API Server").</summary>
    [Fact]
    public void PublicUrl_WithABotApiServerOfOnesOwn_MayBePlain()
    {
        values.Set("Telegram:BaseUrl", "http://127.0.0.1:8081", "test");
        values.Set("PublicUrl", "http://127.0.0.1:8080", "test");
        Assert.Equal(new Uri("http://127.0.0.1:8080"), Read().PublicUrl);
    }

    [Fact]
    public void Secret_FromAFile_IsReadWithoutItsLineEnd()
    {
        values.Set("MasterKeyFile", Write("the key\n"), "test");
        Assert.Equal("the key", Read().MasterKey);
    }

    [Fact]
    public void SecretFile_OverItsBound_IsRefused()
    {
        values.Set("MasterKeyFile", Write(new string('a', Limits.Hosting.SecretFileBytes)), "test");
        Assert.Equal(Limits.Hosting.SecretFileBytes, OptionsReader.Read(values).Options!.MasterKey!.Length);
        values.Set("MasterKeyFile", Write(new string('a', Limits.Hosting.SecretFileBytes + 1)), "test");
        Assert.Contains("MasterKeyFile", Assert.Single(OptionsReader.Read(values).Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MasterKeyFile")]
    [InlineData("PreviousMasterKeyFile")]
    [InlineData("Admin:PasswordFile")]
    [InlineData("DatabaseFile")]
    [InlineData("BotTokenFile")]
    [InlineData("Http:CertificateKeyFile")]
    public void SecretFile_ThatEverybodyMayRead_IsTold(string name)
    {
        if (OperatingSystem.IsWindows()) return;
        var path = Write(name == "DatabaseFile" ? "mysql://a:b@one/x" : "a secret");
        values.Set("Http:CertificateFile", path, "test");
        values.Set(name, path, "test");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Empty(OptionsReader.Read(values).Warnings);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var warning = Assert.Single(OptionsReader.Read(values).Warnings);
        Assert.StartsWith($"{name}: ", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Argument_OfAFileForm_BeatsTheValueOfTheEnvironment()
    {
        values.AddEnvironment(new Hashtable { ["GATEWAY__Database"] = "mysql://a:b@one/x" });
        values.SetFromArgument("DatabaseFile", Write("mysql://a:b@two/x"), "--database-file");
        Assert.Equal("two", OptionsReader.Read(values).Options!.Storage.Host);
        values.SetFromArgument("Database", "mysql://a:b@three/x", "--database");
        Assert.Contains("both set", Assert.Single(OptionsReader.Read(values).Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Argument_BesideAFileForm_Wins()
    {
        values.AddEnvironment(new Hashtable { ["GATEWAY__DatabaseFile"] = Write("mysql://a:b@one/x") });
        values.SetFromArgument("Database", "mysql://a:b@two/x", "--database");
        Assert.Equal("two", Read().Storage.Host);
    }

    [Fact]
    public void Everything_ThatIsWrong_IsReportedAtOnce()
    {
        values.Set("Http:Listen", "8080", "argument --http");
        values.Set("Log:RetentionDays", "1", "test");
        values.Set("Logging:Level", "3", "test");
        values.Set("Auth:QueryEverywhere", "ja", "test");
        values.Set("Htpp:Listen", "127.0.0.1:1", "environment variable GATEWAY__Htpp__Listen");
        values.Set("MasterKey", "a", "test");
        values.Set("MasterKeyFile", "b", "test");
        values.Set("Admin:PasswordFile", Path.Combine(folder, "missing"), "test");
        values.Set("Database", "postgres://user:hunter2@host/name", "test");
        values.Set("Http:CertificateFile", Path.Combine(folder, "missing.pem"), "test");
        values.Set("Telegram:BaseUrl", "ftp://x", "test");

        var outcome = OptionsReader.Read(values);

        Assert.Null(outcome.Options);
        Assert.Equal(10, outcome.Errors.Count);
        Assert.DoesNotContain(outcome.Errors, error => error.Contains("hunter2", StringComparison.Ordinal));
        Assert.Contains(outcome.Errors, error => error.Contains("GATEWAY__Htpp__Listen", StringComparison.Ordinal));
    }

    [Fact]
    public void DrainWait_OverItsBound_IsAnError()
    {
        values.Set("Http:DrainSeconds", $"{Limits.Hosting.Drain.TotalSeconds}", "test");
        Assert.Equal(Limits.Hosting.Drain, OptionsReader.Read(values).Options!.Http.Drain);
        values.Set("Http:DrainSeconds", $"{Limits.Hosting.Drain.TotalSeconds + 1}", "test");
        Assert.Contains("Http:DrainSeconds", Assert.Single(OptionsReader.Read(values).Errors), StringComparison.Ordinal);
    }

    /// <summary>Regression: such a password made no user, and nothing said so.</summary>
    [Fact]
    public void AdminPassword_LongerThanBCryptReads_IsAnError()
    {
        values.Set("Admin:Password", new string('a', Limits.Access.PasswordMostBytes), "test");
        Assert.Empty(OptionsReader.Read(values).Errors);
        values.Set("Admin:Password", new string('a', Limits.Access.PasswordMostBytes - 1) + "ä", "test");
        Assert.Contains("Admin:Password", Assert.Single(OptionsReader.Read(values).Errors), StringComparison.Ordinal);
    }

    /// <summary>Regression: Limits called these configurable, and no option reached them.</summary>
    [Fact]
    public void SocketBounds_Given_ReplaceTheDefaults()
    {
        var usual = Read().Http;
        Assert.Equal((Limits.WebSocket.Sockets, Limits.WebSocket.SocketsPerKey), (usual.MaxSockets, usual.MaxSocketsPerKey));
        values.Set("WebSocket:MaxSockets", "7", "test");
        values.Set("WebSocket:MaxSocketsPerKey", "3", "test");
        values.Set("WebSocket:MaxUnauthenticated", "5", "test");
        values.Set("WebSocket:MaxUnauthenticatedPerAddress", "2", "test");
        var given = Read().Http;
        Assert.Equal((7, 3), (given.MaxSockets, given.MaxSocketsPerKey));
        Assert.Equal((5, 2), (given.MaxUnauthenticated, given.MaxUnauthenticatedPerAddress));
    }

    [Fact]
    public void TrustedProxies_OfAnyForm_AreTaken()
    {
        Assert.Same(TrustedProxies.None, Read().Http.TrustedProxies);
        values.AddFile(Write("""{ "Http": { "TrustedProxies": ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::ffff:198.51.100.7"] } }"""), mustExist: true);
        Assert.Empty(OptionsReader.Read(values).Warnings);
        Assert.NotSame(TrustedProxies.None, Read().Http.TrustedProxies);
        values.AddEnvironment(new Hashtable { ["GATEWAY__Http__TrustedProxies"] = " , " });
        Assert.Same(TrustedProxies.None, Read().Http.TrustedProxies);
    }

    [Theory]
    [InlineData("10.0.0.0/33", "has no prefix length from 0 to 32 after its slash")]
    [InlineData("10.0.0.0/", "has no prefix length from 0 to 32 after its slash")]
    [InlineData("10.0.0.0/255.0.0.0", "has no prefix length from 0 to 32 after its slash")]
    [InlineData("fd00::/129", "has no prefix length from 0 to 128 after its slash")]
    [InlineData("10.1.0.0/8", "is an address inside a network, and not a network: bits are set after the first 8")]
    [InlineData("fd00::1/8", "is an address inside a network, and not a network: bits are set after the first 8")]
    [InlineData("proxy.example.com", "is neither an address nor a network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8")]
    [InlineData("10", "is neither an address nor a network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8")]
    [InlineData("010.0.0.1", "is neither an address nor a network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8")]
    [InlineData("10.0.0.1:80", "is neither an address nor a network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8")]
    [InlineData("[::1]", "is neither an address nor a network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8")]
    public void TrustedProxies_Malformed_AreAnErrorThatSaysWhy(string entry, string reason)
    {
        values.Set("Http:TrustedProxies", $"192.0.2.1, {entry}", "test");
        Assert.Equal($"Http:TrustedProxies: '{entry}' {reason} (test)", Assert.Single(OptionsReader.Read(values).Errors));
    }

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    public void TrustedProxies_ThatAreEverybody_AreWarnedOf(string entry)
    {
        values.Set("Http:TrustedProxies", entry, "test");
        var outcome = OptionsReader.Read(values);
        Assert.NotNull(outcome.Options);
        Assert.StartsWith($"Http:TrustedProxies: '{entry}' is everybody", Assert.Single(outcome.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void File_ThatIsNoJson_IsAnError()
    {
        values.AddFile(Write("{"), mustExist: true);
        Assert.Single(OptionsReader.Read(values).Errors);
    }

    [Theory]
    [InlineData("127.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("localhost:0", "127.0.0.1:0")]
    [InlineData("*:1", "[::]:1")]
    [InlineData(":1", "[::]:1")]
    [InlineData("::1:80", null)]
    [InlineData("8080", null)]
    [InlineData("127.0.0.1:", null)]
    [InlineData("127.0.0.1:65536", null)]
    [InlineData("127.0.0.1:-1", null)]
    [InlineData("example.org:80", null)]
    public void ListenAddress_OfText_IsWhatItSays(string text, string? expected) => Assert.Equal(expected, ListenAddress.TryParse(text)?.ToString());

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private GatewayOptions Read()
    {
        var outcome = OptionsReader.Read(values);
        Assert.Empty(outcome.Errors);
        return outcome.Options!;
    }

    private string Write(string text)
    {
        var path = Path.Combine(folder, Path.GetRandomFileName());
        File.WriteAllText(path, text);
        return path;
    }
}
