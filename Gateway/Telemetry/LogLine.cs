using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Gateway.Telemetry;

/// <summary>One log entry as bytes, ending in a line feed.</summary>
internal static class LogLine
{
    public static byte[] Format<TState>(LogFormat format, DateTimeOffset now, LogLevel level, string category, EventId id, string message, TState state, Exception? error) =>
        format == LogFormat.Json ? Json(now, level, category, id, message, state, error) : Text(now, level, category, message, error);

    private static byte[] Text(DateTimeOffset now, LogLevel level, string category, string message, Exception? error)
    {
        var line = new StringBuilder(128);
        line.Append(CultureInfo.InvariantCulture, $"{now:yyyy-MM-ddTHH:mm:ss.fffZ} {Name(level)} {category} ");
        // One entry is one line, whatever it quotes: a peer must not be able to write lines of its own.
        line.Append(Redaction.Clean(message).ReplaceLineEndings(" "));
        if (error is not null) line.Append('\n').Append(Redaction.Clean(error.ToString()));
        return Encoding.UTF8.GetBytes(line.Append('\n').ToString());
    }

    private static byte[] Json<TState>(DateTimeOffset now, LogLevel level, string category, EventId id, string message, TState state, Exception? error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, now);
            json.WriteString("level"u8, Name(level));
            json.WriteString("stage"u8, category);
            json.WriteNumber("event"u8, id.Id);
            json.WriteString("message"u8, Redaction.Clean(message));
            if (state is IReadOnlyList<KeyValuePair<string, object?>> values) WriteValues(json, values);
            if (error is not null) json.WriteString("error"u8, Redaction.Clean(error.ToString()));
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteValues(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            var (name, value) = values[i];
            if (name == "{OriginalFormat}") continue;
            json.WritePropertyName(JsonNamingPolicy.SnakeCaseLower.ConvertName(name));
            switch (value)
            {
                case null: json.WriteNullValue(); break;
                case long number: json.WriteNumberValue(number); break;
                case int number: json.WriteNumberValue(number); break;
                case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
                case bool flag: json.WriteBooleanValue(flag); break;
                default: json.WriteStringValue(Redaction.Clean(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")); break;
            }
        }
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "critical",
    };
}
