using Gateway.Storage;

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

    /// <summary>Null when the file is there but holds no key.</summary>
    public static MasterKey? Read(string path) => MasterKey.Parse(File.ReadAllText(path));

    /// <summary>The key that <see cref="BeginReplacing"/> put aside; null when none is being replaced.</summary>
    public static MasterKey? ReadPrevious(string path)
    {
        try
        {
            return Read(path + PreviousSuffix) ?? throw new IOException($"{path + PreviousSuffix} does not hold a master key; restore it from a backup");
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// The two as they stood together at one moment. A command that only looks takes no lock, and the key of before with the word that none is being replaced,
    /// read on either side of a replacement, would open nothing.
    /// </summary>
    public static (MasterKey Current, MasterKey? Previous)? ReadBoth(string path)
    {
        for (var current = ReadOrCreate(path); current is not null;)
        {
            var previous = ReadPrevious(path);
            var again = Read(path);
            if (again is not null && again.Bytes.SequenceEqual(current.Bytes)) return (current, previous);
            current = again;
        }

        return null;
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
        // Each durable before the next step: the key put aside before its name is another's, and the new one before anything is sealed under it.
        Write(path + PreviousSuffix, current, overwrite: true);
        Write(path, MasterKey.Create(), overwrite: true);
    }

    /// <summary>Only after the last secret under the previous key is replaced in a transaction that is on disk.</summary>
    public static void FinishReplacing(string path)
    {
        // Of a run that was killed before it renamed them: a key that was replaced because it leaked is not to lie about.
        foreach (var side in Directory.GetFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, $"{Path.GetFileName(path)}*{DurableFile.SideSuffix}")) File.Delete(side);
        DurableFile.Delete(path + PreviousSuffix);
    }

    private static void WriteNew(string path, MasterKey key)
    {
        try
        {
            Write(path, key, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; its key is the one. Its folder may not be synced yet, and this process is about to seal under it.
            DurableFile.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
    }

    private static void Write(string path, MasterKey key, bool overwrite) =>
        DurableFile.Write(path, System.Text.Encoding.ASCII.GetBytes(key.Export() + "\n"), overwrite, isPrivate: true);
}
