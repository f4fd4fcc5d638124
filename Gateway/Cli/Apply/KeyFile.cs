using System.Text;
using Gateway.Storage;

namespace Gateway.Cli.Apply;

/// <summary>The file that takes a new API key: readable by its owner only from the first byte on, and never there by half.</summary>
internal static class KeyFile
{
    public static void Write(string path, string text)
    {
        DurableFile.CreateFolder(Path.GetDirectoryName(path)!);
        DurableFile.Write(path, Encoding.ASCII.GetBytes(text + "\n"), isPrivate: true);
    }
}
