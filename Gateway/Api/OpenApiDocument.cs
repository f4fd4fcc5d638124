using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Http;

namespace Gateway.Api;

/// <summary>
/// Writes OpenAPI 3.1 from the router's own table: what is served and what is described cannot differ. Methods that the router answers by itself
/// (HEAD, OPTIONS) are not operations of their own, and CONNECT, by which HTTP/2 opens a WebSocket, has no name in OpenAPI.
/// </summary>
internal static class OpenApiDocument
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(IReadOnlyCollection<HttpRoute> routes, string version)
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            Write(json, routes, version);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyCollection<HttpRoute> routes, string version)
    {
        var described = routes.Where(route => route.Document is not null && route.Method != "CONNECT").ToList();
        var schemas = new OpenApiSchemas();
        json.WriteStartObject();
        json.WriteString("openapi", "3.1.0");
        json.WriteString("jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema");
        WriteInfo(json, version);
        json.WriteStartArray("servers");
        json.WriteStartObject();
        json.WriteString("url", "/");
        json.WriteEndObject();
        json.WriteEndArray();
        WriteTags(json, described);
        json.WriteStartObject("paths");
        foreach (var path in described.GroupBy(route => route.Template).OrderBy(path => path.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject(path.Key);
            foreach (var route in path) OpenApiOperation.Write(json, route, schemas);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("components");
        schemas.Write(json);
        OpenApiComponents.Write(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteInfo(Utf8JsonWriter json, string version)
    {
        json.WriteStartObject("info");
        json.WriteString("title", "Telegram Bot Gateway");
        json.WriteString("version", version);
        json.WriteString("summary", "Bots, chats, messages, events and who may do what with them.");
        json.WriteString("description",
            """
            Times are RFC 3339 in UTC, ids are numbers below 2^53, and a field that is not known is refused in bodies and queries. Every answer that is
            not a success is an `Error`; `code` is what programs compare. What a credential may not see is answered like what does not exist.
            A GET that is no stream may be asked as HEAD, and every path answers OPTIONS with `Allow`.
            """.ReplaceLineEndings(" "));
        json.WriteStartObject("license");
        json.WriteString("name", "MIT");
        json.WriteString("identifier", "MIT");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTags(Utf8JsonWriter json, List<HttpRoute> described)
    {
        json.WriteStartArray("tags");
        foreach (var tag in described.Select(TagOf).Distinct().Order(StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("name", tag);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The resource: <c>bots</c> of <c>/api/v1/bots/{id}</c>; what lies outside the API is the operator's.</summary>
    public static string TagOf(HttpRoute route) => route.Template.Split('/') switch
    {
        ["", "api", _, var resource, ..] => resource.Split('.')[0],
        ["", var first, ..] when route.Template.Contains('{', StringComparison.Ordinal) => first,
        _ => "operation",
    };
}
