using System.Text.Json;

namespace Gateway.Api;

/// <summary>What operations share besides schemas: the ways to give a credential, and headers.</summary>
internal static class OpenApiComponents
{
    public static readonly string[] Schemes = ["apiKey", "bearer"];

    /// <summary>A browser's streams cannot set headers: section 8 of the design allows the query there and nowhere else.</summary>
    public static readonly string[] StreamSchemes = ["apiKey", "bearer", "apiKeyQuery", "tokenQuery"];

    private static readonly (string Name, string Type, string Description)[] Headers =
    [
        ("X-RateLimit-Limit", "integer", "How many calls at once the credential may make."),
        ("X-RateLimit-Remaining", "integer", "How many of them are left."),
        ("X-RateLimit-Reset", "integer", "Seconds until all of them are."),
        ("Retry-After", "integer", "Seconds until it is worth asking again."),
        ("ETag", "string", "Names this state for If-Match and If-None-Match."),
    ];

    public static void Write(Utf8JsonWriter json)
    {
        WriteSchemes(json);
        json.WriteStartObject("headers");
        foreach (var (name, type, description) in Headers)
        {
            json.WriteStartObject(name);
            json.WriteString("description", description);
            json.WriteStartObject("schema");
            json.WriteString("type", type);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    public static void WriteHeaders(Utf8JsonWriter json, bool hasRate, bool hasTag)
    {
        if (!hasRate && !hasTag) return;
        json.WriteStartObject("headers");
        foreach (var name in (string[])(hasRate ? ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"] : [])) WriteHeader(json, name);
        if (hasTag) WriteHeader(json, "ETag");
        json.WriteEndObject();
    }

    public static void WriteRetryHeader(Utf8JsonWriter json)
    {
        json.WriteStartObject("headers");
        WriteHeader(json, "Retry-After");
        json.WriteEndObject();
    }

    private static void WriteHeader(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("$ref", "#/components/headers/" + name);
        json.WriteEndObject();
    }

    private static void WriteSchemes(Utf8JsonWriter json)
    {
        json.WriteStartObject("securitySchemes");
        WriteKey(json, "apiKey", "header", "X-API-Key", "An API key, as `tgw_1_…`.");
        WriteKey(json, "apiKeyQuery", "query", "api_key", "An API key, where a browser's stream can set no header.");
        WriteKey(json, "tokenQuery", "query", "token", "An API key, an access token or a ticket, where a browser's stream can set no header.");
        json.WriteStartObject("bearer");
        json.WriteString("type", "http");
        json.WriteString("scheme", "bearer");
        json.WriteString("bearerFormat", "JWT");
        json.WriteString("description", "An access token of `POST /api/v1/auth/login`; an API key is accepted as well.");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteKey(Utf8JsonWriter json, string scheme, string place, string name, string description)
    {
        json.WriteStartObject(scheme);
        json.WriteString("type", "apiKey");
        json.WriteString("in", place);
        json.WriteString("name", name);
        json.WriteString("description", description);
        json.WriteEndObject();
    }
}
