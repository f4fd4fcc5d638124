using System.Runtime.InteropServices;

namespace Gateway.Storage;

/// <summary>
/// Files that must outlive a power cut. A file is written aside, synced and renamed, so that no half of it is ever under its name; and then its folder is
/// synced, because until then it is the old name that a power cut may bring back (fsync(2): it does not ensure that the folder's entry is on disk).
/// </summary>
internal static partial class DurableFile
{
    /// <summary>EINVAL: a file system that cannot sync folders, as some network ones. Nothing better is to be had there.</summary>
    private const int CannotBeSynced = 22;

    /// <summary>When this returns, the file is there with these bytes, whatever happens.</summary>
    /// <param name="overwrite">False: a file that is there already stays, and this throws as <see cref="File.Move(string, string, bool)"/> does.</param>
    public static void Write(string path, ReadOnlySpan<byte> bytes, bool overwrite = true, bool isPrivate = false)
    {
        var side = $"{path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        // From the first byte on: a mode set afterwards would leave a moment for everybody.
        if (isPrivate && !OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(side, options))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(side, path, overwrite);
        }
        catch
        {
            File.Delete(side);
            throw;
        }

        SyncFolder(FolderOf(path));
    }

    /// <summary>When this returns, the file stays away. One that is not there is no error.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        SyncFolder(FolderOf(path));
    }

    /// <summary>Makes the names in a folder durable. Windows has no such call; its file systems journal them.</summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(folder, 0);
        if (descriptor < 0) throw Failure(folder);
        try
        {
            if (FileSync(descriptor) != 0 && Marshal.GetLastPInvokeError() != CannotBeSynced) throw Failure(folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    private static IOException Failure(string folder) => new($"the folder {folder} cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
