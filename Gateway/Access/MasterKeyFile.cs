namespace Gateway.Access;

/// <summary>
/// The master key of the embedded default: <c>master.key</c> in the data folder, mode 0600. Only SQLite in a folder of our own makes
/// one; a shared database with a key made by chance on one of its replicas would be unreadable to the others.
/// </summary>
internal static class MasterKeyFile
{
    public const string Name = "master.key";

    /// <summary>The key that is being replaced, from before the new one is in place until nothing is sealed under it any longer.</summary>
    public const string PreviousSuffix = ".previous";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Null when the file is there but holds no key.</summary>
    public static MasterKey? Read(string path) => MasterKey.Parse(File.ReadAllText(path));

    /// <summary>The key that <see cref="BeginReplacing"/> put aside; null when none is being replaced.</summary>
    public static MasterKey? ReadPrevious(string path)
    {
        if (!File.Exists(path + PreviousSuffix)) return null;
        return Read(path + PreviousSuffix) ?? throw new IOException($"{path + PreviousSuffix} does not hold a master key; restore it from a backup");
    }

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

    /// <summary>
    /// Puts the key aside and a new one in its place. A crash between the two leaves the same key in both files, which is as if nothing had begun;
    /// with two different ones there, an earlier run was cut short and its new key is the one to go on with.
    /// </summary>
    public static void BeginReplacing(string path)
    {
        var current = Read(path) ?? throw new IOException($"{path} does not hold a master key; restore it from a backup");
        if (ReadPrevious(path) is { } previous && !previous.Bytes.SequenceEqual(current.Bytes)) return;
        Write($"{path}.side", current);
        File.Move($"{path}.side", path + PreviousSuffix, overwrite: true);
        Write($"{path}.side", MasterKey.Create());
        File.Move($"{path}.side", path, overwrite: true);
    }

    public static void FinishReplacing(string path) => File.Delete(path + PreviousSuffix);

    private static void WriteNew(string path, MasterKey key)
    {
        var side = $"{path}.{Environment.ProcessId}";
        Write(side, key);
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

    private static void Write(string path, MasterKey key)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(path, options);
        file.Write(System.Text.Encoding.ASCII.GetBytes(key.Export() + "\n"));
        file.Flush(flushToDisk: true);
    }
}
