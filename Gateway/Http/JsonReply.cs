using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>Answers with one JSON value: encoded whole, then sent with its length.</summary>
internal static class JsonReply
{
    public const string ContentType = "application/json; charset=utf-8";

    /// <summary>Not made for HTML pages: what JSON itself does not require to be escaped stays readable.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task WriteAsync(Exchange exchange, int status, ReadOnlyMemory<byte> json)
    {
        exchange.Response.StatusCode = status;
        exchange.Response.ContentType = ContentType;
        exchange.Response.ContentLength = json.Length;
        return exchange.Response.Body.WriteAsync(json, exchange.Aborted).AsTask();
    }

    /// <summary>The state keeps callers from closing over their locals.</summary>
    public static Task WriteAsync<TState>(Exchange exchange, int status, TState state, Action<Utf8JsonWriter, TState> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json, state);
        }

        return WriteAsync(exchange, status, buffer.WrittenMemory);
    }

    public static Task WriteAsync<T>(Exchange exchange, int status, T value, JsonTypeInfo<T> type) =>
        WriteAsync(exchange, status, JsonSerializer.SerializeToUtf8Bytes(value, type));
}
