namespace Gateway.Hosting;

/// <summary>The folder of the embedded default: made private, because master key and database are in it.</summary>
internal static class DataFolder
{
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
