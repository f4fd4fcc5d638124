using System.Globalization;

namespace Gateway.Cli.Apply;

/// <summary>
/// Takes the fields of one mapping by name, with their types checked; whatever nobody took is unknown and an error, because a misspelt field must
/// not be silently without effect.
/// </summary>
internal sealed class FieldReader(YamlMapping mapping, string what, ConfigurationErrors errors)
{
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    public FilePosition At => mapping.At;

    public void Add(FilePosition at, string message) => errors.Add(at, $"{what}: {message}");

    /// <summary>Where the field stands, or its mapping when it is not there.</summary>
    public FilePosition PositionOf(string name) => Find(name)?.At ?? mapping.At;

    public bool Has(string name) => Find(name) is not null;

    public string? Text(string name, bool isRequired = false, int maxChars = 128)
    {
        if (Scalar(name, isRequired) is not { } scalar) return null;
        if (scalar.Text.Length > 0 && scalar.Text.Length <= maxChars && scalar.Text.Trim().Length == scalar.Text.Length && !scalar.Text.Any(char.IsControl)) return scalar.Text;
        Add(scalar.At, $"{name} has 1 to {maxChars} characters, none of them a control character, without blanks around them");
        return null;
    }

    public long? Number(string name, long lowest, long highest, bool isRequired = false)
    {
        if (Scalar(name, isRequired) is not { } scalar) return null;
        if (long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest) return number;
        Add(scalar.At, highest == long.MaxValue ? $"{name} is a number{(lowest > 0 ? $" from {lowest}" : "")}" : $"{name} is a number from {lowest} to {highest}");
        return null;
    }

    public bool Flag(string name)
    {
        if (Scalar(name, isRequired: false) is not { } scalar) return false;
        // YAML 1.2's only two: "yes" and "on" of YAML 1.1 surprise whoever reads the file with another program.
        if (scalar is { IsPlain: true, Text: "true" or "false" }) return scalar.Text == "true";
        Add(scalar.At, $"{name} is true or false");
        return false;
    }

    public string? OneOf(string name, params string[] choices)
    {
        if (Scalar(name, isRequired: false) is not { } scalar) return null;
        if (choices.Contains(scalar.Text)) return scalar.Text;
        Add(scalar.At, $"{name} is one of {string.Join(", ", choices)}");
        return null;
    }

    /// <summary>A list of words, each one of the choices; null when the field is not there.</summary>
    public IReadOnlyList<string>? Words(string name, IReadOnlyList<string> choices, bool isRequired = false)
    {
        if (Value(name, isRequired) is not { } value) return null;
        if (value is not YamlSequence sequence)
        {
            Add(value.At, $"{name} is a list, as [{choices[0]}]");
            return null;
        }

        var words = new List<string>();
        foreach (var item in sequence.Items)
        {
            if (item is not YamlScalar { Text: var word } || !choices.Contains(word)) Add(item.At, $"{name}: each one is one of {string.Join(", ", choices)}");
            else if (words.Contains(word)) Add(item.At, $"{name}: {word} is there twice");
            else words.Add(word);
        }

        return words;
    }

    /// <summary>A secret by reference; what stands there instead is never repeated.</summary>
    public SecretReference? Secret(string name, bool isRequired = false)
    {
        if (Scalar(name, isRequired) is not { } scalar) return null;
        if (SecretReference.TryParse(scalar.At, scalar.Text) is { } reference) return reference;
        Add(scalar.At, $"{name}: a secret is given as file:PATH or env:NAME and never stands in this file");
        return null;
    }

    /// <summary>Unless already said why the value is missing.</summary>
    public void RefuseUnknown()
    {
        foreach (var field in mapping.Fields)
        {
            if (!known.Contains(field.Name)) Add(field.At, $"there is no field {field.Name} here; there are {string.Join(", ", known)}");
        }
    }

    private YamlScalar? Scalar(string name, bool isRequired)
    {
        if (Value(name, isRequired) is not { } value) return null;
        if (value is YamlScalar scalar) return scalar;
        Add(value.At, $"{name} is one value, not a list or a block");
        return null;
    }

    private YamlNode? Value(string name, bool isRequired)
    {
        var field = Find(name);
        if (field is null)
        {
            if (isRequired) Add(mapping.At, $"{name} is missing");
            return null;
        }

        if (field.Value is not YamlScalar { IsNull: true }) return field.Value;
        Add(field.At, $"{name} is empty");
        return null;
    }

    private YamlField? Find(string name)
    {
        known.Add(name);
        return mapping.Fields.FirstOrDefault(field => field.Name == name);
    }
}
