using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gateway.Cli;

/// <summary>A command's answer: one JSON object for scripts, or lines for people. Warnings go to the error stream in both forms.</summary>
internal sealed class CliOutput(bool json, TextWriter output, TextWriter errors)
{
    public int Done<T>(T value, JsonTypeInfo<T> type, string text)
    {
        output.WriteLine(json ? Serialize(value, type) : text);
        return ExitCode.Done;
    }

    public bool IsJson => json;

    /// <summary>A part of an answer that is written as it comes about; what cannot be printed throws.</summary>
    public void WritePart(string text)
    {
        output.Write(text);
        output.Flush();
    }

    /// <summary>As <see cref="Done"/>, for an answer that says "no".</summary>
    public int Found<T>(bool good, T value, JsonTypeInfo<T> type, string text)
    {
        Done(value, type, text);
        return good ? ExitCode.Done : ExitCode.Refused;
    }

    public int Fail(int exitCode, string code, string message)
    {
        if (json) output.WriteLine(Serialize(new ErrorJson(message, code), CliJson.Default.ErrorJson));
        else errors.WriteLine($"gateway: {message}");
        return exitCode;
    }

    /// <summary>An error with details of its own.</summary>
    public int Fail<T>(int exitCode, T value, JsonTypeInfo<T> type, string text)
    {
        if (json) output.WriteLine(Serialize(value, type));
        else errors.WriteLine(text);
        return exitCode;
    }

    public void Warn(string message) => errors.WriteLine($"gateway: warning: {message}");

    public static string Serialize<T>(T value, JsonTypeInfo<T> type)
    {
        using var buffer = new MemoryStream();
        // Terminals are no HTML pages: quotes and pluses stay readable.
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
