using System.Collections;
using System.Text.Json;

namespace Gateway.Hosting;

/// <param name="Source">Where it was read, for error messages.</param>
internal readonly record struct OptionValue(string Text, string Source);

/// <summary>
/// The raw settings by name (<c>Http:Listen</c>), from the settings file, then the environment, then the arguments: later ones win.
/// Read by hand: it needs no reflection and starts no file watcher.
/// </summary>
internal sealed class OptionValues
{
    public const string EnvironmentPrefix = "GATEWAY__";

    private const string FileForm = "File";
    private const string ArgumentSource = "argument ";

    private readonly Dictionary<string, OptionValue> values = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> errors = [];

    public IEnumerable<KeyValuePair<string, OptionValue>> All => values;

    /// <summary>What could not be read at all.</summary>
    public IReadOnlyList<string> Errors => errors;

    public OptionValue? Find(string name) => values.TryGetValue(name, out var value) ? value : null;

    public void Set(string name, string? text, string source)
    {
        if (text is not null) values[name] = new OptionValue(text, source);
    }

    /// <summary>An argument also beats the other form of its own name, with or without <c>File</c>, from the file or the environment.</summary>
    public void SetFromArgument(string name, string text, string argument)
    {
        var other = name.EndsWith(FileForm, StringComparison.Ordinal) ? name[..^FileForm.Length] : name + FileForm;
        if (values.TryGetValue(other, out var value) && !value.Source.StartsWith(ArgumentSource, StringComparison.Ordinal)) values.Remove(other);
        Set(name, text, ArgumentSource + argument);
    }

    public void AddFile(string path, bool mustExist)
    {
        if (!mustExist && !File.Exists(path)) return;
        try
        {
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), options);
            Flatten(document.RootElement, "", path);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: {e.Message}");
        }
    }

    public void AddEnvironment(IDictionary variables)
    {
        foreach (DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            if (name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
                Set(name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value, $"environment variable {name}");
        }
    }

    private void Flatten(JsonElement element, string name, string path)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                    Flatten(property.Value, name.Length == 0 ? property.Name : $"{name}:{property.Name}", path);
                break;
            case JsonValueKind.Array:
                // Lists are written with commas everywhere else.
                Set(name, string.Join(',', element.EnumerateArray().Select(item => item.ToString())), path);
                break;
            case JsonValueKind.Null:
                break;
            default:
                Set(name, element.ToString(), path);
                break;
        }
    }
}
