using System.Globalization;
using System.Text.Json;
using Gateway.Http;

namespace Gateway.Api;

/// <summary>One route as an OpenAPI operation.</summary>
internal static class OpenApiOperation
{
    public static void Write(Utf8JsonWriter json, HttpRoute route, OpenApiSchemas schemas)
    {
        var document = route.Document!;
        json.WriteStartObject(route.Method.ToLowerInvariant());
        json.WriteString("operationId", IdOf(route.Name));
        json.WriteString("summary", document.Summary);
        json.WriteString("description", DescriptionOf(route));
        json.WriteStartArray("tags");
        json.WriteStringValue(OpenApiDocument.TagOf(route));
        json.WriteEndArray();
        json.WriteString("x-needs", route.Needs);
        WriteSecurity(json, route);
        WriteParameters(json, route);
        if (document.Body is { } body) WriteBody(json, schemas.OfBody(body), body.Fields.Any(field => field.IsRequired));
        json.WriteStartObject("responses");
        WriteSuccess(json, route, schemas);
        foreach (var errors in OpenApiErrors.Of(route).GroupBy(error => error.Status).OrderBy(errors => errors.Key)) WriteErrors(json, errors.Key, [.. errors]);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary><c>bots_list</c> is <c>botsList</c>: what generators make a function's name of.</summary>
    public static string IdOf(string name) =>
        string.Concat(name.Split('_').Select((word, index) => index == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));

    private static string DescriptionOf(HttpRoute route)
    {
        var needs = route.Needs switch
        {
            RouteNeeds.Public => "Open to anyone.",
            RouteNeeds.Secret => "The secret in the path is the credential.",
            RouteNeeds.Authenticated => "Any good credential will do.",
            var permission => $"Needs `{permission}`.",
        };
        return route.Document!.Description is { } more ? $"{needs} {more.ReplaceLineEndings(" ")}" : needs;
    }

    private static void WriteSecurity(Utf8JsonWriter json, HttpRoute route)
    {
        json.WriteStartArray("security");
        if (route.Needs is not (RouteNeeds.Public or RouteNeeds.Secret))
        {
            foreach (var scheme in route.IsStream ? OpenApiComponents.StreamSchemes : OpenApiComponents.Schemes)
            {
                json.WriteStartObject();
                json.WriteStartArray(scheme);
                json.WriteEndArray();
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private static void WriteParameters(Utf8JsonWriter json, HttpRoute route)
    {
        var document = route.Document!;
        string[] names = [.. route.Template.Split('/').Where(segment => segment is ['{', .., '}']).Select(segment => segment[1..^1])];
        if (names.Length + document.Query.Count + document.Headers.Count == 0) return;
        json.WriteStartArray("parameters");
        foreach (var name in names)
        {
            WriteParameter(json, "path", document.Path.FirstOrDefault(parameter => parameter.Name == name) ?? new DocumentedParameter(name, JsonKind.Integer, "The gateway's id."));
        }

        foreach (var parameter in document.Query) WriteParameter(json, "query", parameter);
        foreach (var parameter in document.Headers) WriteParameter(json, "header", parameter);
        json.WriteEndArray();
    }

    private static void WriteParameter(Utf8JsonWriter json, string place, DocumentedParameter parameter)
    {
        json.WriteStartObject();
        json.WriteString("name", parameter.Name);
        json.WriteString("in", place);
        json.WriteString("description", parameter.Description);
        if (place == "path") json.WriteBoolean("required", true);
        json.WriteStartObject("schema");
        OpenApiSchemas.WriteType(json, parameter.Kind, isNullable: false);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter json, string schema, bool isRequired)
    {
        json.WriteStartObject("requestBody");
        json.WriteBoolean("required", isRequired);
        WriteContent(json, "application/json", schema);
        json.WriteEndObject();
    }

    private static void WriteSuccess(Utf8JsonWriter json, HttpRoute route, OpenApiSchemas schemas)
    {
        var document = route.Document!;
        json.WriteStartObject(document.Status.ToString(CultureInfo.InvariantCulture));
        json.WriteString("description", document.Status switch
        {
            101 => "The connection is a WebSocket from here on.",
            201 => "Made.",
            202 => "Taken on.",
            204 => "Done; there is nothing to say.",
            _ => document.Answer?.Name ?? document.AnswerType ?? "Done.",
        });
        OpenApiComponents.WriteHeaders(json, hasRate: !route.AdmitsItself && OpenApiErrors.IsLimited(route), hasTag: OpenApiErrors.HasTag(route));
        if (document.Answer is { } answer) WriteContent(json, document.AnswerType ?? "application/json", schemas.OfAnswer(answer));
        else if (document.AnswerType is { } type) WriteContent(json, type, null);
        json.WriteEndObject();
        if (OpenApiErrors.HasTag(route) && route.Method == "GET") WriteEmpty(json, "304", "Unchanged since the state that If-None-Match names.");
        if (document.Status == 101) WriteEmpty(json, "200", "The same over HTTP/2, by extended CONNECT.");
    }

    private static void WriteEmpty(Utf8JsonWriter json, string status, string description)
    {
        json.WriteStartObject(status);
        json.WriteString("description", description);
        json.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter json, int status, DocumentedError[] errors)
    {
        json.WriteStartObject(status.ToString(CultureInfo.InvariantCulture));
        json.WriteString("description", string.Join(" ", errors.Select(error => $"`{error.Code}`: {error.When}")));
        if (status is 429 or 503) OpenApiComponents.WriteRetryHeader(json);
        json.WriteStartObject("content");
        json.WriteStartObject("application/json");
        OpenApiSchemas.WriteReference(json, "schema", OpenApiSchemas.ErrorName);
        json.WriteStartObject("example");
        json.WriteString("error", errors[0].When);
        json.WriteString("code", errors[0].Code);
        json.WriteStartObject("details");
        json.WriteEndObject();
        json.WriteString("request_id", "0HNQ5U2K8N4D0:00000001");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, string type, string? schema)
    {
        json.WriteStartObject("content");
        json.WriteStartObject(type);
        if (schema is not null)
        {
            OpenApiSchemas.WriteReference(json, "schema", schema);
        }
        else
        {
            json.WriteStartObject("schema");
            json.WriteString("type", type == "application/json" ? "object" : "string");
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
