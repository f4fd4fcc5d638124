using Gateway.Storage;
using Xunit;

namespace Gateway.Tests.Storage;

public sealed class StorageUrlTests
{
    [Fact]
    public void TryParse_FullUrl_DecodesEachPart()
    {
        var url = StorageUrl.TryParse("mysql://ga%40te:p%3Aw%2F%23@db.internal:3307/gateway", out _)!;
        Assert.Equal(("ga@te", "p:w/#", "db.internal", 3307, "gateway"), (url.User, url.Password, url.Host, url.Port, url.DatabaseName));
        Assert.DoesNotContain("p:w", url.ToString());
    }

    [Fact]
    public void TryParse_NoPort_Is3306() => Assert.Equal(3306, StorageUrl.TryParse("mysql://u:p@h/n", out _)!.Port);

    [Theory]
    [InlineData("postgres://u:secret@h/n")]
    [InlineData("mysql://u:secret@h")]
    [InlineData("mysql://h/n")]
    [InlineData("mysql://u:secret@h/n?tls=1")]
    [InlineData("u:secret@h/n")]
    public void TryParse_Unusable_SaysWhyWithoutTheSecret(string text)
    {
        Assert.Null(StorageUrl.TryParse(text, out var reason));
        Assert.NotEmpty(reason);
        Assert.DoesNotContain("secret", reason);
    }

    [Fact]
    public void InFolder_Folder_IsSqliteFileInIt()
    {
        var url = StorageUrl.InFolder("data");
        Assert.True(url.IsSqlite);
        Assert.Equal(Path.Combine("data", "gateway.db"), url.SqlitePath);
    }
}
