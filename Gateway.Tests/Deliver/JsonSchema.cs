using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Deliver;

/// <summary>As much of JSON Schema as docs/event.schema.json uses; a keyword it does not know fails, so that none is silently ignored.</summary>
internal static class JsonSchema
{
    public static List<string> Faults(JsonElement schema, JsonElement value, string path = "$")
    {
        List<string> faults = [];
        foreach (var keyword in schema.EnumerateObject())
        {
            var fault = keyword.Name switch
            {
                "$schema" or "title" or "description" => null,
                "type" => HasType(keyword.Value, value) ? null : $"{path} is {value.ValueKind}",
                "minimum" => value.ValueKind != JsonValueKind.Number || value.GetInt64() >= keyword.Value.GetInt64() ? null : $"{path} is too small",
                "maximum" => value.ValueKind != JsonValueKind.Number || value.GetInt64() <= keyword.Value.GetInt64() ? null : $"{path} is too large",
                "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, keyword.Value.GetString()!) ? null : $"{path} does not look right: {value}",
                "enum" => keyword.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)) ? null : $"{path} is none of the values",
                "required" => value.ValueKind != JsonValueKind.Object ? null : Missing(keyword.Value, value, path),
                "properties" => Properties(keyword.Value, value, path, faults),
                _ => $"the schema has the keyword {keyword.Name}, which the validator does not know",
            };
            if (fault is not null)
            {
                faults.Add(fault);
            }
        }

        return faults;
    }

    private static string? Properties(JsonElement properties, JsonElement value, string path, List<string> faults)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in properties.EnumerateObject())
            {
                if (value.TryGetProperty(property.Name, out var member))
                {
                    faults.AddRange(Faults(property.Value, member, $"{path}.{property.Name}"));
                }
            }
        }

        return null;
    }

    private static string? Missing(JsonElement names, JsonElement value, string path)
    {
        var missing = names.EnumerateArray().Select(name => name.GetString()!).Where(name => !value.TryGetProperty(name, out _)).ToList();
        return missing.Count == 0 ? null : $"{path} lacks {string.Join(", ", missing)}";
    }

    private static bool HasType(JsonElement type, JsonElement value) => type.ValueKind == JsonValueKind.Array
        ? type.EnumerateArray().Any(one => HasType(one, value))
        : type.GetString() switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "string" => value.ValueKind == JsonValueKind.String,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "null" => value.ValueKind == JsonValueKind.Null,
            _ => false,
        };
}
