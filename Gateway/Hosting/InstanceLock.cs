namespace Gateway.Hosting;

/// <summary>
/// One serving process per SQLite folder: two committers on one file would each believe to own the head, and each would deliver only its
/// own half live. The lock is the operating system's, on an open file, so that it ends with the process however that ends.
/// </summary>
internal sealed class InstanceLock : IDisposable
{
    public const string FileName = "gateway.lock";

    private readonly FileStream file;

    private InstanceLock(FileStream file) => this.file = file;

    /// <summary>Null when another process holds it. Throws when the file cannot be made at all, as on a full or read-only disk.</summary>
    public static InstanceLock? TryTake(string dataFolder)
    {
        try
        {
            return new(new FileStream(Path.Combine(dataFolder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
    }

    /// <summary>The runtime puts the system's error number there: EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.</summary>
    public static bool IsHeld(IOException failure) => failure.HResult is 11 or 35 or unchecked((int)0x80070020);

    public void Dispose() => file.Dispose();
}
