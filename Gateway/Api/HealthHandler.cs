using System.Buffers;
using System.Text.Json;
using Gateway.Hosting;
using Gateway.Http;

namespace Gateway.Api;

/// <summary><c>/health</c>: the process lives and answers. <c>/ready</c>: it can take updates, or why not.</summary>
internal sealed class HealthHandler(Readiness readiness)
{
    private static readonly JsonField Warnings = new("warnings", JsonKind.String, "What is wrong without keeping it from its work.") { IsList = true };

    public IEnumerable<HttpRoute> Routes =>
    [
        new("GET", "/health", HealthAsync, "health")
        {
            Needs = RouteNeeds.Public,
            Document = new RouteDocument("Whether the process lives")
            {
                Answer = new JsonShape("Health", new JsonField("status", JsonKind.String, "ok.")),
            },
        },
        new("GET", "/ready", ReadyAsync, "ready")
        {
            Needs = RouteNeeds.Public,
            Document = new RouteDocument("Whether this process can commit")
            {
                Description = "503 with the same object, `ready` false and the reasons, when it cannot or is shutting down.",
                Answer = new JsonShape("Readiness",
                    new JsonField("ready", JsonKind.Boolean, "Whether it takes traffic."),
                    new JsonField("reasons", JsonKind.String, "Why not.") { IsList = true },
                    Warnings),
            },
        },
    ];

    private static readonly byte[] Alive = """{"status":"ok"}"""u8.ToArray();

    public Task HealthAsync(Exchange exchange)
    {
        exchange.Response.ContentType = "application/json";
        exchange.Response.ContentLength = Alive.Length;
        return exchange.Response.Body.WriteAsync(Alive, exchange.Aborted).AsTask();
    }

    public Task ReadyAsync(Exchange exchange)
    {
        var reasons = readiness.Reasons();
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteBoolean("ready"u8, reasons.Count == 0);
            WriteList(json, "reasons", reasons);
            WriteList(json, "warnings", readiness.Warnings());
            json.WriteEndObject();
        }

        exchange.Response.StatusCode = reasons.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        exchange.Response.ContentType = "application/json";
        exchange.Response.ContentLength = body.WrittenCount;
        exchange.Response.Headers.CacheControl = "no-store";
        return exchange.Response.Body.WriteAsync(body.WrittenMemory, exchange.Aborted).AsTask();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
