namespace Gateway.Cli.Apply;

internal readonly record struct ConfigurationError(FilePosition At, string Message);

/// <summary>Collects everything that is wrong with a configuration, so that it is repaired in one go. No message repeats a secret.</summary>
internal sealed class ConfigurationErrors
{
    private readonly List<ConfigurationError> errors = [];

    public bool Any => errors.Count > 0;

    /// <summary>In the file's order.</summary>
    public IReadOnlyList<ConfigurationError> All => [.. errors.OrderBy(error => error.At)];

    public void Add(FilePosition at, string message) => errors.Add(new(at, message));
}
