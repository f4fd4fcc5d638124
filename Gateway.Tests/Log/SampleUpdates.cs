using System.Globalization;
using System.Text;
using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Tests.Log;

/// <summary>Updates as Telegram writes them, and commit items of them.</summary>
internal static class SampleUpdates
{
    public const long GroupId = -1001234;

    public static CommitItem Message(
        long updateId, long messageId, string text = "hello", long bot = 1, long chat = GroupId, string kind = "message", string extra = "") =>
        Json(bot, string.Create(CultureInfo.InvariantCulture,
            $$$"""{"update_id":{{{updateId}}},"{{{kind}}}":{"message_id":{{{messageId}}},"date":1767225600,"chat":{"id":{{{chat}}},"type":"supergroup","title":"T"},"text":"{{{text}}}"{{{extra}}} } }"""));

    public static CommitItem Edit(long updateId, long messageId, string text, long editDate) =>
        Message(updateId, messageId, text, kind: "edited_message", extra: string.Create(CultureInfo.InvariantCulture, $",\"edit_date\":{editDate}"));

    public static CommitItem Json(long bot, string json) => Bytes(bot, Encoding.UTF8.GetBytes(json));

    public static CommitItem Bytes(long bot, byte[] payload)
    {
        var update = new IncomingUpdate(bot, payload, UpdateParser.Parse(payload));
        return new CommitItem { Update = update, DedupKey = DedupKey.Of(update) };
    }
}
