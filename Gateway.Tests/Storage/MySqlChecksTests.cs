using Gateway.Storage;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Storage;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlChecksTests(MariaDbFixture server)
{
    private static readonly Dictionary<string, string> Good = new()
    {
        ["version"] = "10.6.2-MariaDB-log",
        ["innodb_flush_log_at_trx_commit"] = "1",
        ["log_bin"] = "ON",
        ["sync_binlog"] = "1",
        ["read_only"] = "OFF",
        ["wsrep_on"] = "OFF",
        ["max_allowed_packet"] = "16777216",
    };

    [Fact]
    public async Task FindAsync_TestServer_HasNoErrors()
    {
        await using var database = new MySqlDatabase(StorageUrl.TryParse(await server.CreateUrlAsync(), out _)!);
        Assert.DoesNotContain(await MySqlChecks.FindAsync(database, default), finding => finding.IsError);
    }

    [Fact]
    public void Judge_GoodServer_FindsNothing() => Assert.Empty(MySqlChecks.Judge(Good));

    [Theory]
    [InlineData("innodb_flush_log_at_trx_commit", "2", "innodb_flush_log_at_trx_commit", true)]
    [InlineData("sync_binlog", "0", "sync_binlog", false)]
    [InlineData("read_only", "ON", "read_only", true)]
    [InlineData("super_read_only", "ON", "read_only", true)]
    [InlineData("wsrep_on", "ON", "wsrep_on", false)]
    [InlineData("max_allowed_packet", "1048576", "max_allowed_packet", true)]
    [InlineData("version", "5.7.44-log", "version", true)]
    [InlineData("version", "10.5.23-MariaDB", "version", true)]
    [InlineData("version", "5.5.5-10.5.1-MariaDB", "version", true)]
    public void Judge_OneBadSetting_NamesIt(string variable, string value, string setting, bool isError)
    {
        var variables = new Dictionary<string, string>(Good) { [variable] = value };

        StorageFinding finding = Assert.Single(MySqlChecks.Judge(variables));
        Assert.Equal((setting, isError), (finding.Setting, finding.IsError));
    }

    [Theory]
    [InlineData("8.0.36")]
    [InlineData("8.4.3-log")]
    [InlineData("11.4.2-MariaDB")]
    [InlineData("5.5.5-10.6.2-MariaDB")]
    public void Judge_SupportedVersion_FindsNothing(string version) =>
        Assert.Empty(MySqlChecks.Judge(new Dictionary<string, string>(Good) { ["version"] = version }));

    [Fact]
    public void Judge_NoBinaryLog_SyncBinlogDoesNotMatter() =>
        Assert.Empty(MySqlChecks.Judge(new Dictionary<string, string>(Good) { ["log_bin"] = "OFF", ["sync_binlog"] = "0" }));
}
