using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>The JSON of the frames around events, without any transport's framing. Made rarely; each answers a buffer of its own.</summary>
internal static class ControlFrames
{
    public static ByteBuffer Positioned(ReadOnlySpan<byte> action, string id, LogPosition position, bool withLogId)
    {
        var buffer = Begin(action, id);
        if (withLogId)
        {
            AppendName(buffer, "log_id"u8);
            AppendString(buffer, position.LogId);
        }

        AppendName(buffer, "seq"u8);
        buffer.Append(position.Seq);
        buffer.Append((byte)'}');
        return buffer;
    }

    public static ByteBuffer Named(ReadOnlySpan<byte> action, string id)
    {
        var buffer = Begin(action, id);
        buffer.Append((byte)'}');
        return buffer;
    }

    public static ByteBuffer Gap(string id, in StreamGap gap)
    {
        var buffer = Begin("gap"u8, id);
        AppendGapFields(buffer, gap);
        buffer.Append((byte)'}');
        return buffer;
    }

    /// <summary>A gap as an object of its own, for transports whose frames have a name already.</summary>
    public static void AppendGap(ByteBuffer buffer, in StreamGap gap)
    {
        var start = buffer.Length;
        AppendGapFields(buffer, gap);
        buffer.Replace(start, (byte)'{');
        buffer.Append((byte)'}');
    }

    // Each member with a comma before it.
    private static void AppendGapFields(ByteBuffer buffer, in StreamGap gap)
    {
        AppendName(buffer, "bot_id"u8);
        if (gap.BotId == 0)
        {
            buffer.Append("null"u8);
        }
        else
        {
            buffer.Append(gap.BotId);
        }

        AppendName(buffer, "requested"u8);
        buffer.Append(gap.Requested);
        AppendName(buffer, "earliest"u8);
        buffer.Append(gap.Earliest);
        AppendName(buffer, "reason"u8);
        buffer.Append(gap.Reason switch
        {
            GapReason.Retention => "\"retention\""u8,
            GapReason.LogReset => "\"log_reset\""u8,
            _ => "\"migration\""u8,
        });
        AppendName(buffer, "log_id"u8);
        AppendString(buffer, gap.LogId);
    }

    public static ByteBuffer Expiring(long seconds)
    {
        var buffer = new ByteBuffer(64);
        buffer.Append("{\"action\":\"expiring\",\"in\":"u8);
        buffer.Append(seconds);
        buffer.Append((byte)'}');
        return buffer;
    }

    public static ByteBuffer Access(in AccessNotice notice)
    {
        var buffer = new ByteBuffer(128);
        buffer.Append("{\"action\":\"access\""u8);
        AppendAccessFields(buffer, notice);
        buffer.Append((byte)'}');
        return buffer;
    }

    /// <summary>The same as an object of its own, for transports whose frames have a name already.</summary>
    public static ByteBuffer AccessFields(in AccessNotice notice)
    {
        var buffer = new ByteBuffer(64);
        AppendAccessFields(buffer, notice);
        buffer.Replace(0, (byte)'{');
        buffer.Append((byte)'}');
        return buffer;
    }

    // Each member with a comma before it.
    private static void AppendAccessFields(ByteBuffer buffer, in AccessNotice notice)
    {
        if (notice.IsEverything)
        {
            buffer.Append(",\"all\":true"u8);
            return;
        }

        AppendName(buffer, notice.BotId != 0 ? "bot_id"u8 : "chat_id"u8);
        buffer.Append(notice.BotId != 0 ? notice.BotId : notice.ChatId);
        if (notice.ThreadId != 0)
        {
            AppendName(buffer, "thread_id"u8);
            buffer.Append(notice.ThreadId);
        }

        AppendName(buffer, "can_read"u8);
        buffer.Append(notice.CanRead ? "true"u8 : "false"u8);
    }

    public static ByteBuffer Error(RequestError error)
    {
        var buffer = new ByteBuffer(256);
        buffer.Append("{\"action\":\"error\",\"code\":"u8);
        AppendString(buffer, error.Code);
        AppendName(buffer, "message"u8);
        AppendString(buffer, error.Message);
        if (error.RetryAfter is { } wait)
        {
            AppendName(buffer, "retry_after"u8);
            buffer.Append(Http.RetryAfter.Seconds(wait));
        }

        buffer.Append((byte)'}');
        return buffer;
    }

    public static void AppendString(ByteBuffer buffer, string value)
    {
        buffer.Append((byte)'"');
        buffer.AppendText(JavaScriptEncoder.Default.Encode(value));
        buffer.Append((byte)'"');
    }

    private static ByteBuffer Begin(ReadOnlySpan<byte> action, string id)
    {
        var buffer = new ByteBuffer(128);
        buffer.Append("{\"action\":\""u8);
        buffer.Append(action);
        buffer.Append("\",\"id\":"u8);
        AppendString(buffer, id);
        return buffer;
    }

    private static void AppendName(ByteBuffer buffer, ReadOnlySpan<byte> name)
    {
        buffer.Append(",\""u8);
        buffer.Append(name);
        buffer.Append("\":"u8);
    }
}
