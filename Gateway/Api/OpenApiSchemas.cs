using System.Globalization;
using System.Text.Json;
using Gateway.Http;

namespace Gateway.Api;

/// <summary>
/// The schemas that operations name. A body is strict (nothing unknown, only some fields needed); an answer has all its fields and may get more in a
/// later version. So one shape that is used both ways is two schemas.
/// </summary>
internal sealed class OpenApiSchemas
{
    public const string ErrorName = "Error";

    private static readonly JsonShape Error = new(ErrorName,
        new JsonField("error", JsonKind.String, "For people."),
        new JsonField("code", JsonKind.String, "What programs compare, as BOT_NOT_FOUND."),
        new JsonField("details", JsonKind.Any, "More, by code; an empty object otherwise."),
        new JsonField("request_id", JsonKind.String, "Names this request in the gateway's log."));

    private readonly Dictionary<string, (JsonShape Shape, bool IsBody)> named = [];

    public string OfAnswer(JsonShape shape) => Add(shape.Name, shape, isBody: false);

    public string OfBody(JsonShape shape) => Add(named.TryGetValue(shape.Name, out var there) && !there.IsBody ? shape.Name + "Body" : shape.Name, shape, isBody: true);

    public void Write(Utf8JsonWriter json)
    {
        OfAnswer(Error);
        json.WriteStartObject("schemas");
        foreach (var (name, (shape, isBody)) in named.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (EventSchema.IsOf(shape)) EventSchema.Write(json, name);
            else WriteShape(json, name, shape, isBody);
        }

        json.WriteEndObject();
    }

    public static void WriteReference(Utf8JsonWriter json, string property, string schema)
    {
        json.WriteStartObject(property);
        json.WriteString("$ref", "#/components/schemas/" + schema);
        json.WriteEndObject();
    }

    public static void WriteType(Utf8JsonWriter json, JsonKind kind, bool isNullable)
    {
        var type = kind switch
        {
            JsonKind.Integer => "integer",
            JsonKind.Number => "number",
            JsonKind.Boolean => "boolean",
            JsonKind.Object => "object",
            JsonKind.Any => null,
            _ => "string",
        };
        if (type is not null && isNullable)
        {
            json.WriteStartArray("type");
            json.WriteStringValue(type);
            json.WriteStringValue("null");
            json.WriteEndArray();
        }
        else if (type is not null)
        {
            json.WriteString("type", type);
        }

        if (kind == JsonKind.Integer) json.WriteString("format", "int64");
        if (kind == JsonKind.Time) json.WriteString("format", "date-time");
    }

    private string Add(string name, JsonShape shape, bool isBody)
    {
        if (named.TryGetValue(name, out var there))
        {
            // The same name for other fields would describe one of them wrongly.
            return ReferenceEquals(there.Shape, shape) || HasFieldsOf(there.Shape, shape)
                ? name
                : throw new InvalidOperationException($"Two different shapes are named {name}.");
        }

        named[name] = (shape, isBody);
        foreach (var field in shape.Fields)
        {
            if (field.Shape is not { } inner) continue;
            if (isBody) OfBody(inner);
            else OfAnswer(inner);
        }

        return name;
    }

    private static bool HasFieldsOf(JsonShape one, JsonShape other) =>
        one.Fields.Select(field => (field.Name, field.Kind, field.IsList, field.IsNullable)).SequenceEqual(other.Fields.Select(field => (field.Name, field.Kind, field.IsList, field.IsNullable)));

    private void WriteShape(Utf8JsonWriter json, string name, JsonShape shape, bool isBody)
    {
        json.WriteStartObject(name);
        json.WriteString("type", "object");
        string[] required = [.. shape.Fields.Where(field => isBody ? field.IsRequired : !field.IsOptional).Select(field => field.Name)];
        if (required.Length > 0)
        {
            json.WriteStartArray("required");
            foreach (var field in required) json.WriteStringValue(field);
            json.WriteEndArray();
        }

        json.WriteStartObject("properties");
        foreach (var field in shape.Fields) WriteField(json, field, isBody);
        json.WriteEndObject();
        if (isBody) json.WriteBoolean("additionalProperties", false);
        json.WriteEndObject();
    }

    private void WriteField(Utf8JsonWriter json, JsonField field, bool isBody)
    {
        json.WriteStartObject(field.Name);
        json.WriteString("description", field.Description);
        if (field.IsList)
        {
            WriteListType(json, field);
            json.WriteStartObject("items");
            WriteOne(json, field, isNullable: false, isBody);
            json.WriteEndObject();
        }
        else
        {
            WriteOne(json, field, field.IsNullable, isBody);
        }

        if (field.Example is { } example) WriteExample(json, field, example);
        json.WriteEndObject();
    }

    private static void WriteListType(Utf8JsonWriter json, JsonField field)
    {
        if (!field.IsNullable)
        {
            json.WriteString("type", "array");
            return;
        }

        json.WriteStartArray("type");
        json.WriteStringValue("array");
        json.WriteStringValue("null");
        json.WriteEndArray();
    }

    private void WriteOne(Utf8JsonWriter json, JsonField field, bool isNullable, bool isBody)
    {
        if (field.Shape is { } shape)
        {
            WriteObject(json, isBody ? OfBody(shape) : OfAnswer(shape), isNullable);
            return;
        }

        WriteType(json, field.Kind, isNullable);
        if (field.Kind == JsonKind.String && isBody) WriteLengths(json, field);
        if (field.Kind == JsonKind.Integer && isBody) WriteRange(json, field);
        if (field is { Kind: JsonKind.String, IsSecret: true }) json.WriteString("format", "password");
        if (field.Values is not { } values) return;
        json.WriteStartArray("enum");
        foreach (var value in values) json.WriteStringValue(value);
        if (isNullable) json.WriteNullValue();
        json.WriteEndArray();
    }

    private static void WriteObject(Utf8JsonWriter json, string schema, bool isNullable)
    {
        if (!isNullable)
        {
            json.WriteString("$ref", "#/components/schemas/" + schema);
            return;
        }

        json.WriteStartArray("anyOf");
        json.WriteStartObject();
        json.WriteString("$ref", "#/components/schemas/" + schema);
        json.WriteEndObject();
        json.WriteStartObject();
        json.WriteString("type", "null");
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteLengths(Utf8JsonWriter json, JsonField field)
    {
        if (field.MinLength > 0) json.WriteNumber("minLength", field.MinLength);
        json.WriteNumber("maxLength", field.MaxLength);
    }

    private static void WriteRange(Utf8JsonWriter json, JsonField field)
    {
        if (field.Minimum > long.MinValue) json.WriteNumber("minimum", field.Minimum);
        json.WriteNumber("maximum", field.Maximum);
    }

    private static void WriteExample(Utf8JsonWriter json, JsonField field, string example)
    {
        json.WriteStartArray("examples");
        if (field.IsList) json.WriteStartArray();
        switch (field.Kind)
        {
            case JsonKind.Integer:
                json.WriteNumberValue(long.Parse(example, CultureInfo.InvariantCulture));
                break;
            case JsonKind.Boolean:
                json.WriteBooleanValue(example == "true");
                break;
            case JsonKind.Number or JsonKind.Object or JsonKind.Any:
                json.WriteRawValue(example);
                break;
            default:
                json.WriteStringValue(example);
                break;
        }

        if (field.IsList) json.WriteEndArray();
        json.WriteEndArray();
    }
}
