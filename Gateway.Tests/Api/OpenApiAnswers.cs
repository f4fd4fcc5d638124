using System.Text.Json;
using NJsonSchema;

namespace Gateway.Tests.Api;

/// <summary>
/// Holds answers of a running gateway against the schema that its own OpenAPI document gives for them, strictly: an answer may have no field that the
/// document does not name, although clients must bear that.
/// </summary>
internal sealed class OpenApiAnswers(JsonElement document)
{
    public JsonElement Document { get; } = document;

    public static async Task<OpenApiAnswers> ReadAsync(HttpClient client)
    {
        using JsonDocument read = JsonDocument.Parse(await client.GetStringAsync("/api/v1/openapi.json"));
        return new OpenApiAnswers(read.RootElement.Clone());
    }

    /// <summary>Asks, and fails unless status, content type and body are as the document says for this operation.</summary>
    /// <param name="template">The path as in the document, as <c>/api/v1/bots/{id}</c>.</param>
    public async Task<JsonElement> CheckAsync(HttpClient client, HttpRequestMessage request, string template, int status)
    {
        using HttpResponseMessage answer = await client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{request.Method} {request.RequestUri}: {(int)answer.StatusCode} {text}");
        JsonElement operation = Document.GetProperty("paths").GetProperty(template).GetProperty(request.Method.Method.ToLowerInvariant());
        Assert.True(operation.GetProperty("responses").TryGetProperty($"{status}", out JsonElement response), $"{template} is not documented to answer {status}");
        if (!response.TryGetProperty("content", out JsonElement content))
        {
            Assert.Equal("", text);
            return default;
        }

        JsonProperty type = content.EnumerateObject().Single();
        Assert.Equal(type.Name, answer.Content.Headers.ContentType!.MediaType);
        if (!type.Name.EndsWith("json", StringComparison.Ordinal)) return default;
        List<string> faults = [.. await FaultsAsync(type.Value.GetProperty("schema"), text)];
        Assert.True(faults.Count == 0, $"{request.Method} {template} {status}: {string.Join("; ", faults)}\n{text[..Math.Min(text.Length, 2000)]}");
        using JsonDocument parsed = JsonDocument.Parse(text);
        return parsed.RootElement.Clone();
    }

    /// <summary>What an answer has against the schema.</summary>
    public async Task<IEnumerable<string>> FaultsAsync(JsonElement schema, string answer)
    {
        // Draft 2020-12 with references into the document: the definitions go where the library looks for them.
        string definitions = Document.GetProperty("components").GetProperty("schemas").GetRawText();
        string text = $$"""{"definitions":{{definitions}},"allOf":[{{schema.GetRawText()}}]}""".Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal);
        JsonSchema parsed = await JsonSchema.FromJsonAsync(text);
        foreach (JsonSchema definition in parsed.Definitions.Values)
        {
            if (definition.Properties.Count > 0) definition.AllowAdditionalProperties = false;
        }

        return parsed.Validate(answer).Select(error => $"{error.Path} {error.Kind}");
    }
}
