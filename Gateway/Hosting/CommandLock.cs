namespace Gateway.Hosting;

/// <summary>
/// Held by each command that changes an embedded database, many at once; held alone while the master key is replaced. A command that had read the old key
/// and wrote after the last look for what is sealed under it would leave a secret that nobody can open.
/// </summary>
internal sealed class CommandLock : IDisposable
{
    public const string FileName = "commands.lock";

    private readonly FileStream file;

    private CommandLock(FileStream file) => this.file = file;

    /// <summary>Null while the master key is being replaced.</summary>
    public static CommandLock? TryShare(string dataFolder)
    {
        var path = Path.Combine(dataFolder, FileName);
        if (!File.Exists(path)) Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite)?.Dispose();
        // Reading, shared with readers: the one combination that the runtime turns into a shared lock on Unix.
        return Open(path, FileMode.Open, FileAccess.Read, FileShare.Read);
    }

    /// <summary>Null while another command is at work.</summary>
    public static CommandLock? TryTakeAlone(string dataFolder) =>
        Open(Path.Combine(dataFolder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    public void Dispose() => file.Dispose();

    private static CommandLock? Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        try
        {
            return new(new FileStream(path, mode, access, share));
        }
        catch (IOException e) when (InstanceLock.IsHeld(e))
        {
            return null;
        }
    }
}
