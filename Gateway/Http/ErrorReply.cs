using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>The one shape of an error (design section 8): <c>{"error","code","details","request_id"}</c>.</summary>
internal static class ErrorReply
{
    private sealed record Error(int Status, string Code, string Message, string RequestId, Action<Utf8JsonWriter>? Details);

    /// <param name="code">UPPER_SNAKE: what programs compare.</param>
    /// <param name="message">For people. Never holds a secret or a part of the request that may be one.</param>
    /// <param name="details">Writes the members of <c>details</c>.</param>
    public static Task WriteAsync(
        Exchange exchange, int status, string code, string message, TimeSpan? retryAfter = null, Action<Utf8JsonWriter>? details = null)
    {
        if (exchange.Response.HasStarted)
        {
            // Too late to say anything: a cut is the only sign left that the answer is not whole.
            exchange.Context.Abort();
            return Task.CompletedTask;
        }

        exchange.Response.Headers.CacheControl = "no-store";
        if (retryAfter is { } wait)
        {
            RetryAfter.Set(exchange.Response, wait);
        }

        return JsonReply.WriteAsync(exchange, status, new Error(status, code, message, exchange.RequestId, details), Write);
    }

    public static Task NotFoundAsync(Exchange exchange) =>
        WriteAsync(exchange, StatusCodes.Status404NotFound, "NOT_FOUND", "There is nothing at this address.");

    public static Task BodyTooLargeAsync(Exchange exchange, int maxBytes)
    {
        // The rest of the body is not worth reading to keep the connection.
        exchange.Response.Headers.Connection = "close";
        return WriteAsync(exchange, StatusCodes.Status413PayloadTooLarge, "BODY_TOO_LARGE", $"The body is larger than {maxBytes} bytes.",
            details: json => json.WriteNumber("max_bytes", maxBytes));
    }

    private static void Write(Utf8JsonWriter json, Error error)
    {
        json.WriteStartObject();
        json.WriteString("error", error.Message);
        json.WriteString("code", error.Code);
        json.WriteStartObject("details");
        error.Details?.Invoke(json);
        json.WriteEndObject();
        json.WriteString("request_id", error.RequestId);
        json.WriteEndObject();
    }
}
