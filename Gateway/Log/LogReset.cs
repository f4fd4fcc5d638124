using System.Text.Json;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Log;

/// <summary>What a store writes when the log gets a new identity; the same on every engine.</summary>
/// <param name="LogId">The new identity.</param>
/// <param name="Seq">Its first seq: above everything that was ever seen, so that no old position lies inside the new log.</param>
internal sealed record LogReset(string LogId, long Seq, byte[] Payload)
{
    public string DedupKey => "g:reset:" + LogId;

    public static LogReset After(LogPosition floor, long restoredSeq)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("previous_log_id", floor.LogId);
            json.WriteNumber("previous_seq", floor.Seq);
            json.WriteNumber("restored_seq", restoredSeq);
            json.WriteEndObject();
        }

        return new(Migrator.NewLogId(), Math.Max(floor.Seq, restoredSeq) + Limits.Log.ResetJump, stream.ToArray());
    }

    public LogEvent ToEvent(long createdAtMs) =>
        new(LogId, Seq, 0, GatewayEventKinds.LogReset, Payload, new UpdateFacts { Kind = GatewayEventKinds.LogReset }) { CreatedAtMs = createdAtMs };
}
