namespace Gateway.Access;

/// <summary>
/// The master key of the embedded default: <c>master.key</c> in the data folder, mode 0600. Only SQLite in a folder of our own makes
/// one; a shared database with a key made by chance on one of its replicas would be unreadable to the others.
/// </summary>
internal static class MasterKeyFile
{
    public const string Name = "master.key";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Null when the file is there but holds no key.</summary>
    public static MasterKey? Read(string path) => MasterKey.Parse(File.ReadAllText(path));

    /// <summary>
    /// Reads the key, or makes it. Written whole to a side file and linked into place, so that a crash leaves no half key and of two
    /// processes that start together both end up with the same one.
    /// </summary>
    public static MasterKey? ReadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            WriteNew(path, MasterKey.Create());
        }

        return Read(path);
    }

    private static void WriteNew(string path, MasterKey key)
    {
        var side = $"{path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(side, options))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(key.Export() + "\n"));
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(side, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; its key is the one.
            File.Delete(side);
        }
    }
}
