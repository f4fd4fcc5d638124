using System.Security.Cryptography;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Ingest;

/// <summary>
/// Updates that the database refuses for their data, one file each, durable before the poller confirms them to Telegram. Without this place
/// one of them would stand before all later updates of its bot for a day, and then be gone. Posting such a file to the bot's webhook
/// address stores it, once the cause is removed.
/// </summary>
internal sealed class ParkedUpdates(string folder)
{
    public const string FolderName = "refused-updates";

    /// <summary>The file that holds the update, also when it was there before; null when there is no room for it (law L8) or it cannot be written.</summary>
    public string? TryPark(long botId, ReadOnlySpan<byte> payload, out string reason)
    {
        var path = Path.Combine(folder, $"{botId}-{Convert.ToHexStringLower(SHA256.HashData(payload))}.json");
        reason = "";
        try
        {
            if (File.Exists(path))
            {
                return path;
            }

            DurableFile.CreateFolder(folder);
            if (Directory.EnumerateFiles(folder).Count() >= Limits.Ingest.ParkedUpdates)
            {
                reason = $"{folder} has {Limits.Ingest.ParkedUpdates} files";
                return null;
            }

            DurableFile.Write(path, payload);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reason = e.Message;
            return null;
        }
    }
}
