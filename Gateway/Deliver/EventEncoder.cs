using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// Writes the public event (design section 5) as JSON. Strings are copied from the payload as they stand between their quotes,
/// escapes included, so nothing is decoded and nothing can be changed on the way.
/// </summary>
internal static class EventEncoder
{
    // Above it a JavaScript number is no longer exact, and the contract promises exact numbers.
    private const long MaxInteger = (1L << 53) - 1;

    private const int MaxDepth = 100_000;

    /// <param name="isLineSafe">For SSE: a carriage return in the update would not survive there.</param>
    public static void Append(ByteBuffer buffer, LogEvent logEvent, bool includeUpdate, bool isLineSafe)
    {
        var writer = new EventFieldWriter(buffer, logEvent.Payload);
        ref readonly var facts = ref logEvent.Facts;
        var isOwn = logEvent.Kind.StartsWith(GatewayEventKinds.Prefix, StringComparison.Ordinal);

        buffer.Append("{\"seq\":"u8);
        buffer.Append(logEvent.Seq);
        writer.Text(",\"type\":"u8, EventTypes.Of(logEvent.Kind));
        writer.Id(",\"bot_id\":"u8, logEvent.BotId);
        writer.Id(",\"chat_id\":"u8, logEvent.ChatId);
        writer.Id(",\"message_id\":"u8, logEvent.MessageId);
        writer.Number(",\"telegram_id\":"u8, facts.TelegramMessageId);
        writer.Number(",\"telegram_chat_id\":"u8, facts.TelegramChatId);
        writer.Text(",\"direction\":"u8, isOwn ? null : "incoming");
        writer.Text(",\"message_type\":"u8, facts.MessageType);
        writer.Slice(",\"text\":"u8, facts.Text);
        writer.Slice(",\"command\":"u8, facts.Command);
        writer.Number(",\"from_user_id\":"u8, facts.FromUserId);
        writer.Slice(",\"from_username\":"u8, facts.FromUsername);
        writer.Slice(",\"from_first_name\":"u8, facts.FromFirstName);
        writer.Slice(",\"from_last_name\":"u8, facts.FromLastName);
        writer.Id(",\"reply_to_message_id\":"u8, logEvent.ReplyToMessageId);
        writer.Number(",\"reply_to_telegram_id\":"u8, facts.ReplyToTelegramId);
        writer.Number(",\"thread_id\":"u8, facts.ThreadId);
        writer.Slice(",\"media_group_id\":"u8, facts.MediaGroupId);
        AppendFile(buffer, ref writer, in facts);
        AppendSeconds(buffer, facts.DateSeconds);
        AppendMilliseconds(buffer, logEvent.CreatedAtMs);
        if (facts.CallbackId.IsPresent)
        {
            writer.Slice(",\"callback\":{\"id\":"u8, facts.CallbackId);
            writer.Slice(",\"data\":"u8, facts.CallbackData);
            buffer.Append((byte)'}');
        }

        if (includeUpdate)
        {
            AppendUpdate(buffer, logEvent.Payload, isLineSafe);
        }

        buffer.Append((byte)'}');
    }

    public static bool IsExact(long value) => value is <= MaxInteger and >= -MaxInteger;

    private static void AppendFile(ByteBuffer buffer, ref EventFieldWriter writer, in UpdateFacts facts)
    {
        if (!facts.FileId.IsPresent)
        {
            buffer.Append(",\"file\":null"u8);
            return;
        }

        writer.Slice(",\"file\":{\"id\":"u8, facts.FileId);
        writer.Slice(",\"unique_id\":"u8, facts.FileUniqueId);
        writer.Slice(",\"name\":"u8, facts.FileName);
        writer.Slice(",\"mime\":"u8, facts.FileMime);
        writer.Number(",\"size_bytes\":"u8, facts.FileSizeBytes);
        buffer.Append((byte)'}');
    }

    /// <summary>
    /// The update byte for byte where it is a JSON value; else (does not parse, BOM, bytes that are no UTF-8) the same bytes as
    /// <c>update_base64</c>: law L9 wants them delivered, and inside JSON text they could not be.
    /// </summary>
    private static void AppendUpdate(ByteBuffer buffer, byte[] payload, bool isLineSafe)
    {
        if (IsJson(payload) && !(isLineSafe && payload.AsSpan().Contains((byte)'\r')))
        {
            buffer.Append(",\"update\":"u8);
            buffer.Append(payload);
            return;
        }

        buffer.Append(",\"update_base64\":\""u8);
        Base64.EncodeToUtf8(payload, buffer.Free(Base64.GetMaxEncodedToUtf8Length(payload.Length)), out _, out var written);
        buffer.Advance(written);
        buffer.Append((byte)'"');
    }

    private static bool IsJson(ReadOnlySpan<byte> payload)
    {
        if (!Utf8.IsValid(payload))
        {
            return false;
        }

        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                // Only whether it parses to its end.
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return payload.Length > 0;
    }

    private static void AppendSeconds(ByteBuffer buffer, long? unixSeconds)
    {
        buffer.Append(",\"timestamp\":"u8);
        if (unixSeconds is not { } seconds || seconds < 0 || seconds > Rfc3339.MaxSeconds)
        {
            buffer.Append("null"u8);
            return;
        }

        buffer.Append((byte)'"');
        Rfc3339.Append(buffer, seconds);
        buffer.Append("Z\""u8);
    }

    private static void AppendMilliseconds(ByteBuffer buffer, long unixMs)
    {
        buffer.Append(",\"received_at\":\""u8);
        Rfc3339.Append(buffer, unixMs / 1000);
        var fraction = (int)(unixMs % 1000);
        buffer.Append([(byte)'.', (byte)('0' + (fraction / 100)), (byte)('0' + (fraction / 10 % 10)), (byte)('0' + (fraction % 10))]);
        buffer.Append("Z\""u8);
    }
}
