using Gateway.Access;

namespace Gateway.Tests.Access;

public sealed class MasterKeyTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gateway-key-").FullName;

    [Fact]
    public void Text_InEveryWrittenForm_IsTheSameKey()
    {
        var key = MasterKey.Create();
        var base64 = key.Export();
        var base64Url = base64.TrimEnd('=').Replace('+', '-').Replace('/', '_');

        Assert.Equal(key.Bytes, MasterKey.Parse(base64 + "\n")!.Bytes);
        Assert.Equal(key.Bytes, MasterKey.Parse(base64Url)!.Bytes);
        Assert.Equal(key.Bytes, MasterKey.Parse(Convert.ToHexString(key.Bytes))!.Bytes);
        Assert.Equal(key.Bytes, MasterKey.Parse(Convert.ToHexStringLower(key.Bytes))!.Bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("correct horse battery staple")]
    [InlineData("AAAA")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public void Text_ThatIsNot32Bytes_IsRefused(string text) => Assert.Null(MasterKey.Parse(text));

    [Fact]
    public void File_MadeOnce_IsPrivateAndKept()
    {
        var path = Path.Combine(folder, MasterKeyFile.Name);
        var first = MasterKeyFile.ReadOrCreate(path)!;
        var second = MasterKeyFile.ReadOrCreate(path)!;

        Assert.Equal(first.Bytes, second.Bytes);
        Assert.Single(Directory.GetFiles(folder));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void File_ThatHoldsNoKey_IsNotReplaced()
    {
        var path = Path.Combine(folder, MasterKeyFile.Name);
        File.WriteAllText(path, "damaged");
        Assert.Null(MasterKeyFile.ReadOrCreate(path));
        Assert.Equal("damaged", File.ReadAllText(path));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
