using Gateway.Storage;

namespace Gateway.Tests.Storage;

/// <summary>That a power cut spares what was written cannot be tried here; that nothing is left half or lying about can.</summary>
public sealed class DurableFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gateway-durable-").FullName;

    private string FilePath => Path.Combine(folder, "file");

    [Fact]
    public void Write_OverAFile_ReplacesItAndLeavesNothingElse()
    {
        DurableFile.Write(FilePath, "one"u8);
        DurableFile.Write(FilePath, "two"u8, isPrivate: true);
        Assert.Equal("two", File.ReadAllText(FilePath));
        Assert.Single(Directory.GetFiles(folder));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        DurableFile.Delete(FilePath);
        DurableFile.Delete(FilePath);
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void Write_NotOverAFile_KeepsItAndLeavesNothingElse()
    {
        DurableFile.Write(FilePath, "one"u8);
        Assert.Throws<IOException>(() => DurableFile.Write(FilePath, "two"u8, overwrite: false));
        Assert.Equal("one", File.ReadAllText(FilePath));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void CreateFolder_InOnesThatAreNotThereEither_MakesAll()
    {
        var inner = Path.Combine(folder, "one", "two");
        foreach (var name in new[] { inner, inner + Path.DirectorySeparatorChar }) DurableFile.CreateFolder(name);
        Assert.True(Directory.Exists(inner));
        File.WriteAllText(FilePath, "");
        Assert.Throws<IOException>(() => DurableFile.CreateFolder(FilePath));
    }

    /// <summary>Regression: a link that another user laid in the way took the secret.</summary>
    [Fact]
    public void Write_WhereALinkLies_WritesNothingThroughIt()
    {
        var elsewhere = Path.Combine(folder, "elsewhere");
        File.WriteAllText(elsewhere, "untouched");
        // The names that the next writes of this process take, whatever others wrote before.
        DurableFile.Write(FilePath, "one"u8);
        for (var next = 1; next < 5000; next++) File.CreateSymbolicLink($"{FilePath}.{Environment.ProcessId}-{next}{DurableFile.SideSuffix}", elsewhere);
        DurableFile.Write(FilePath, "two"u8, isPrivate: true);
        Assert.Equal(("two", "untouched"), (File.ReadAllText(FilePath), File.ReadAllText(elsewhere)));
    }

    /// <summary>The system is really asked: a folder that it cannot open is told by name.</summary>
    [Fact]
    public void SyncFolder_ThatIsNotThere_Throws()
    {
        if (OperatingSystem.IsWindows()) return;
        DurableFile.SyncFolder(folder);
        var nowhere = Path.Combine(folder, "nowhere");
        Assert.Contains(nowhere, Assert.Throws<IOException>(() => DurableFile.SyncFolder(nowhere)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
