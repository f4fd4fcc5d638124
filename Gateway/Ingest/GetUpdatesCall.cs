using System.Buffers;
using System.Text.Json;
using Gateway.Messages;

namespace Gateway.Ingest;

internal static class GetUpdatesCall
{
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
        BotApiMethods.WriteAllowedUpdates(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
