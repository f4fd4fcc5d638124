using System.Text.Json;
using Gateway.Http;

namespace Gateway.Api;

/// <summary>The public event's schema, <c>docs/event.schema.json</c>, carried in the program: a shape named <c>Event</c> stands for it.</summary>
internal static class EventSchema
{
    private const string Resource = "event.schema.json";

    public static bool IsOf(JsonShape shape) => shape is { Name: "Event", Fields.Length: 0 };

    public static void Write(Utf8JsonWriter json, string name)
    {
        using var stream = typeof(EventSchema).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The program does not hold {Resource}.");
        using var schema = JsonDocument.Parse(stream);
        json.WriteStartObject(name);
        foreach (var keyword in schema.RootElement.EnumerateObject())
        {
            // The document names the dialect for all schemas.
            if (keyword.Name != "$schema") keyword.WriteTo(json);
        }

        json.WriteEndObject();
    }
}
