using System.Text.Json;
using System.Text.Unicode;
using Gateway.Messages.Parsing;

namespace Gateway.Messages;

/// <summary>
/// Reads an update's facts out of its bytes (law L9). Answers something for any bytes whatever and never throws; what the rules
/// are where the Bot API is silent (several kinds, duplicate keys, ids that do not fit) is in docs/update-facts.md.
/// </summary>
internal static class UpdateParser
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = Limits.Ingest.UpdateDepth };

    /// <summary>No allocation for kinds of the Bot API; one string for a kind that is not known yet.</summary>
    public static UpdateFacts Parse(ReadOnlySpan<byte> body)
    {
        // Telegram sends no byte order mark, but a proxy may; the bytes stay as they came, so slices count it.
        var origin = body.StartsWith("\uFEFF"u8) ? 3 : 0;

        // The JSON reader passes invalid UTF-8 inside strings. Slices are copied into text frames that clients must refuse then.
        if (!Utf8.IsValid(body))
        {
            return new UpdateFacts { Kind = UpdateKinds.Unparsed };
        }

        try
        {
            var scan = new UpdateScan(body, origin, Options);
            return scan.Run() ? scan.Facts : new UpdateFacts { Kind = UpdateKinds.Unparsed };
        }
        catch (JsonException)
        {
            // The reader has no other way to say it. Nothing read so far is kept: a cut body's update_id would shadow the whole one.
            return new UpdateFacts { Kind = UpdateKinds.Unparsed };
        }
    }
}
