using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>
/// A request's JSON object, read strictly by its shape: an unknown field is refused, because a typing error that is silently ignored would do
/// something else than was asked (design section 8).
/// </summary>
internal sealed class JsonBody
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = Limits.Http.JsonDepth };

    private readonly Dictionary<string, JsonElement> values = [];

    private JsonBody()
    {
    }

    /// <summary>Null when the request was answered with an error. An empty body is an empty object where nothing is required.</summary>
    public static async ValueTask<JsonBody?> ReadAsync(Exchange exchange, JsonShape shape)
    {
        if (!IsJson(exchange.Request.ContentType))
        {
            await ErrorReply.WriteAsync(exchange, StatusCodes.Status415UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.");
            return null;
        }

        var read = await BodyReader.ReadAsync(exchange.Context, Limits.Http.JsonBodyBytes);
        if (read.Status != BodyStatus.Ok)
        {
            await RefuseAsync(exchange, read.Status);
            return null;
        }

        // A body may come slowly, and its sender's right to send it may end meanwhile.
        return exchange.AdmitAgain is { } again && !await again(exchange) ? null : await ParseAsync(exchange, shape, read.Bytes!);
    }

    /// <summary>Whether the field is there, null included.</summary>
    public bool Has(string name) => values.ContainsKey(name);

    /// <summary>Null where the field is absent or null.</summary>
    public string? String(string name) => Value(name)?.GetString();

    public long? Long(string name) => Value(name)?.GetInt64();

    public bool? Bool(string name) => Value(name)?.GetBoolean();

    public DateTimeOffset? Time(string name) => Value(name) is { } value ? Rfc3339Time.Parse(value.GetString()!) : null;

    public IReadOnlyList<string>? Strings(string name) => Value(name) is { } value ? [.. value.EnumerateArray().Select(each => each.GetString()!)] : null;

    private JsonElement? Value(string name) =>
        values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static bool IsJson(string? contentType) =>
        contentType is null || contentType.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase);

    private static Task RefuseAsync(Exchange exchange, BodyStatus status) => status switch
    {
        BodyStatus.TooLarge => ErrorReply.BodyTooLargeAsync(exchange, Limits.Http.JsonBodyBytes),
        BodyStatus.TooSlow => ErrorReply.WriteAsync(exchange, StatusCodes.Status408RequestTimeout, "BODY_TOO_SLOW", "The body came too slowly."),
        _ => ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "BODY_ABORTED", "The body did not come whole."),
    };

    private static async ValueTask<JsonBody?> ParseAsync(Exchange exchange, JsonShape shape, byte[] bytes)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(bytes.Length == 0 ? "{}"u8.ToArray() : bytes, Options);
        }
        catch (JsonException e)
        {
            // The exception's text quotes the body; its place says enough.
            await ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "INVALID_JSON", "The body is not valid JSON.",
                details: json => json.WriteNumber("line", (e.LineNumber ?? 0) + 1));
            return null;
        }

        // Not pooled beyond this call: the elements are copies.
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                await ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "INVALID_JSON", "The body must be a JSON object.");
                return null;
            }

            var body = new JsonBody();
            var errors = new ValidationErrors();
            body.Take(document.RootElement, shape, errors);
            if (errors.IsEmpty) return body;
            await errors.ReplyAsync(exchange);
            return null;
        }
    }

    private void Take(JsonElement root, JsonShape shape, ValidationErrors errors)
    {
        foreach (var property in root.EnumerateObject())
        {
            if (NameOf(property) is not { } name) errors.Add("?", "is not valid Unicode");
            else if (shape.Find(name) is not { } field) errors.Add(Excerpt(name), "is not known here");
            else if (!values.TryAdd(name, property.Value.Clone())) errors.Add(name, "is given twice");
            else if (Problem(field, property.Value) is { } problem) errors.Add(name, problem);
        }

        foreach (var field in shape.Fields)
        {
            if (field.IsRequired && !values.ContainsKey(field.Name)) errors.Add(field.Name, "is missing");
        }
    }

    private static string? Problem(JsonField field, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null) return field.IsNullable ? null : "must not be null";
        if (!field.IsList) return ProblemOfOne(field, value);
        if (value.ValueKind != JsonValueKind.Array) return "must be a list";
        if (value.GetArrayLength() > Limits.Http.JsonListEntries) return $"has more than {Limits.Http.JsonListEntries} entries";
        foreach (var each in value.EnumerateArray())
        {
            if (ProblemOfOne(field, each) is { } problem) return "each: " + problem;
        }

        return null;
    }

    private static string? ProblemOfOne(JsonField field, JsonElement value) => field.Kind switch
    {
        JsonKind.String => value.ValueKind == JsonValueKind.String ? ProblemOfText(field, value) : "must be a string",
        JsonKind.Integer => ProblemOfNumber(field, value),
        JsonKind.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "must be true or false",
        JsonKind.Time => value.ValueKind == JsonValueKind.String && Rfc3339Time.Parse(TextOf(value)) is not null ? null : "must be a time as 2026-02-09T12:00:00Z",
        _ => "cannot be given here",
    };

    private static string? ProblemOfText(JsonField field, JsonElement value)
    {
        if (TextOf(value) is not { } text) return "is not valid Unicode";
        if (field.Values is { } allowed && !allowed.Contains(text)) return $"must be one of {string.Join(", ", allowed)}";
        if (text.Length < field.MinLength || text.Length > field.MaxLength)
            return field.MinLength > 0 ? $"has {field.MinLength} to {field.MaxLength} characters" : $"has at most {field.MaxLength} characters";
        // A NUL ends strings in places we do not see; other control characters would forge lines in logs and terminals.
        return text.AsSpan().IndexOfAnyInRange('\0', '\u001f') is var at && at >= 0 && !(text[at] is '\n' or '\t' && field.MaxLength > 256)
            ? "must not have control characters"
            : null;
    }

    private static string? ProblemOfNumber(JsonField field, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number)) return "must be an integer";
        return number < field.Minimum || number > field.Maximum ? $"must be {field.Minimum} to {field.Maximum}" : null;
    }

    /// <summary>Null for an escaped half of a surrogate pair, which the reader refuses to make a string of.</summary>
    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Null as in <see cref="TextOf"/>.</summary>
    private static string? NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Enough of an unknown name to recognise a typing error.</summary>
    private static string Excerpt(string name)
    {
        var text = new StringBuilder();
        foreach (var character in name.AsSpan(0, Math.Min(name.Length, 40)))
        {
            text.Append(char.IsAsciiLetterOrDigit(character) || character is '_' or '-' or '.' ? character : '?');
        }

        return text.ToString();
    }
}
