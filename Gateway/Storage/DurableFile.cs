using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gateway.Storage;

/// <summary>
/// Files that must outlive a power cut. A file is written aside, synced and renamed, so that no half of it is ever under its name; and then its folder is
/// synced, because until then it is the old name that a power cut may bring back (fsync(2): it does not ensure that the folder's entry is on disk).
/// </summary>
internal static partial class DurableFile
{
    /// <summary>Ends the name that a file has until it is whole; one that is there behind a crash is nobody's any more.</summary>
    public const string SideSuffix = ".side";

    private static int sides;

    /// <summary>When this returns, the file is there with these bytes, whatever happens.</summary>
    /// <param name="overwrite">False: a file that is there already stays, and this throws as <see cref="File.Move(string, string, bool)"/> does.</param>
    public static void Write(string path, ReadOnlySpan<byte> bytes, bool overwrite = true, bool isPrivate = false)
    {
        var side = $"{path}.{Environment.ProcessId}-{Interlocked.Increment(ref sides)}{SideSuffix}";
        // New: into a file or a link that another user laid there before, a secret would be written for him.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        // From the first byte on: a mode set afterwards would leave a moment for everybody.
        if (isPrivate && !OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // Of a process that died, in a container where all have the same number.
        File.Delete(side);
        try
        {
            using (var file = new FileStream(side, options))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(side, path, overwrite);
        }
        catch
        {
            File.Delete(side);
            throw;
        }

        SyncFolder(FolderOf(path));
    }

    /// <summary>A folder is a name in another one: a file in a new folder outlives a power cut only with it.</summary>
    public static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder)) return;
        var parent = FolderOf(Path.TrimEndingDirectorySeparator(folder));
        CreateFolder(parent);
        Directory.CreateDirectory(folder);
        SyncFolder(parent);
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
        using var opened = new SafeFileHandle(Open(folder, 0), ownsHandle: true);
        if (opened.IsInvalid) throw new IOException($"the folder {folder} cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");
        // Goes on behind a signal, and takes it when a file system cannot sync folders, as some network ones: nothing better is to be had there.
        RandomAccess.FlushToDisk(opened);
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    /// <summary>The runtime opens no folders.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
