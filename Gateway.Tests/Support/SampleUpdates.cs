using System.Text.Json;

namespace Gateway.Tests.Support;

/// <summary>The sample updates of Data/updates, as they were collected: see Data/README.md.</summary>
internal static class SampleUpdates
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data");

    /// <summary>By file name, in ordinal order.</summary>
    public static IReadOnlyList<Sample> All { get; } = Load();

    private static Sample[] Load()
    {
        var kinds = File.ReadLines(Path.Combine(Folder, "updates.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToDictionary(entry => entry.GetProperty("file").GetString()!, entry => entry);
        return Directory.GetFiles(Path.Combine(Folder, "updates"), "*.json")
            .Order(StringComparer.Ordinal)
            .Select(path => (Path: path, Name: Path.GetFileName(path)))
            .Select(file => new Sample(
                file.Name,
                kinds[file.Name].GetProperty("kind").GetString()!,
                kinds[file.Name].GetProperty("message_kind").GetString()!,
                File.ReadAllBytes(file.Path)))
            .ToArray();
    }

    internal sealed record Sample(string Name, string Kind, string MessageKind, byte[] Body);
}
