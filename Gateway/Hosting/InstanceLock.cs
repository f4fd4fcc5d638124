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

    /// <summary>Null when another process holds it.</summary>
    public static InstanceLock? TryTake(string dataFolder)
    {
        try
        {
            return new(new FileStream(Path.Combine(dataFolder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose() => file.Dispose();
}
