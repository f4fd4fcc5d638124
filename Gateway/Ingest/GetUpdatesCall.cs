using System.Buffers;
using System.Text.Json;
using Gateway.Messages;

namespace Gateway.Ingest;

internal static class GetUpdatesCall
{
    /// <summary><c>allowed_updates</c> always names every kind: left out, Telegram keeps the last list it was given, or leaves out four kinds by default.</summary>
    public static ReadOnlyMemory<byte> Parameters(long offset, int limit)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (offset > 0)
        {
            json.WriteNumber("offset", offset);
        }

        json.WriteNumber("limit", limit);
        json.WriteNumber("timeout", (int)Limits.Ingest.PollHold.TotalSeconds);
        json.WriteStartArray("allowed_updates");
        foreach (var kind in UpdateKinds.Names)
        {
            json.WriteStringValue(kind);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
