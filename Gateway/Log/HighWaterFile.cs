using System.Text.Json;
using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// Keeps <see cref="HighWater"/> in <c>high-water.json</c> beside the data: read at start, written at most once a second and at
/// the end. A restore is noticed when the copy is older than the last write. Back up the database, not this file: restored
/// together with an old copy it cannot know better.
/// </summary>
internal sealed class HighWaterFile(string path, TimeProvider time, ILogger logger)
{
    public const string FileName = "high-water.json";

    private long writtenVersion;

    public HighWater Read()
    {
        try
        {
            return File.Exists(path) ? new HighWater(Parse(File.ReadAllBytes(path))) : new HighWater();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            CommitterLog.HighWaterNotRead(logger, path, e.Message);
            return new HighWater();
        }
    }

    /// <summary>Writes changes until stopped, and once more then.</summary>
    public async Task RunAsync(HighWater highWater, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Limits.Log.HighWaterWrite, time, stop);
                WriteIfChanged(highWater);
            }
        }
        catch (OperationCanceledException)
        {
            WriteIfChanged(highWater);
        }
    }

    public void WriteIfChanged(HighWater highWater)
    {
        var (seen, version) = highWater.Snapshot();
        if (version == writtenVersion) return;
        try
        {
            Write(seen);
            writtenVersion = version;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CommitterLog.HighWaterNotWritten(logger, path, e.Message);
        }
    }

    // A new file renamed over the old one: a crash leaves one or the other, never half of one.
    private void Write(LogPosition[] seen)
    {
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            using (var json = new Utf8JsonWriter(file))
            {
                json.WriteStartObject();
                json.WriteStartArray("seen");
                foreach (var position in seen)
                {
                    json.WriteStartObject();
                    json.WriteString("log_id", position.LogId);
                    json.WriteNumber("seq", position.Seq);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static List<LogPosition> Parse(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        var seen = new List<LogPosition>();
        foreach (var entry in document.RootElement.GetProperty("seen").EnumerateArray())
            seen.Add(new(entry.GetProperty("log_id").GetString() ?? "", entry.GetProperty("seq").GetInt64()));
        return seen;
    }
}
