using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>Everything that is wrong with a request, by field, so that a client mends it in one go: 400 <c>VALIDATION_FAILED</c>.</summary>
internal sealed class ValidationErrors
{
    private readonly Dictionary<string, string> fields = [];

    public bool IsEmpty => fields.Count == 0;

    /// <summary>The first thing said of a field stays.</summary>
    /// <param name="message">For people, as a predicate: "has 1 to 128 characters". Never the value itself, which may be a secret.</param>
    public void Add(string field, string message) => fields.TryAdd(field, message);

    public Task ReplyAsync(Exchange exchange) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "VALIDATION_FAILED", "Some fields are not valid.", details: Write);

    public static Task ReplyAsync(Exchange exchange, string field, string message)
    {
        var errors = new ValidationErrors();
        errors.Add(field, message);
        return errors.ReplyAsync(exchange);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("fields");
        foreach (var (field, message) in fields)
        {
            json.WriteString(field, message);
        }

        json.WriteEndObject();
    }
}
