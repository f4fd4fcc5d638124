using Gateway.Messages;

namespace Gateway.Deliver.Sse;

/// <summary>
/// Server-sent events (WHATWG HTML, section 9.2): the block of an event carries its position as <c>id</c>; a block with only an id moves
/// <c>Last-Event-ID</c> without reaching the page, and so tells positions.
/// </summary>
internal sealed class SseFraming : Framing
{
    public static readonly SseFraming Instance = new();

    private static readonly byte[] Comment = ":\n\n"u8.ToArray();

    [ThreadStatic]
    private static ByteBuffer? json;

    [ThreadStatic]
    private static ByteBuffer? block;

    public override byte[] Heartbeat => Comment;

    public override byte[] Event(EncodedEvent encoded, bool includeUpdate)
    {
        ref var cached = ref encoded.SseBlock(includeUpdate);
        if (cached is null)
        {
            var buffer = block ??= new ByteBuffer(4096);
            buffer.Trim(Limits.Deliver.SendBytes);
            AppendBlock(buffer, encoded.Event, includeUpdate);
            cached = buffer.Written.ToArray();
        }

        return cached;
    }

    public override void AppendEvent(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate)
    {
        if (encoded.KeepsFrames)
        {
            buffer.Append(Event(encoded, includeUpdate));
        }
        else
        {
            AppendBlock(buffer, encoded.Event, includeUpdate);
        }
    }

    /// <summary>One subscription per stream: a replayed event needs no mark.</summary>
    public override void AppendReplay(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate, string subscriptionId) =>
        AppendEvent(buffer, encoded, includeUpdate);

    public override byte[] Subscribed(string subscriptionId, LogPosition position) => Position(subscriptionId, position);

    public override byte[] Unsubscribed(string subscriptionId) => [];

    public override byte[] CaughtUp(string subscriptionId, LogPosition position) => Position(subscriptionId, position);

    public override byte[] Position(string subscriptionId, LogPosition position)
    {
        var buffer = new ByteBuffer(64);
        AppendId(buffer, position);
        buffer.Append((byte)'\n');
        return buffer.Written.ToArray();
    }

    public override byte[] Gap(string subscriptionId, in StreamGap gap)
    {
        var buffer = new ByteBuffer(256);
        buffer.Append("event: gap\ndata: "u8);
        ControlFrames.AppendGap(buffer, gap);
        buffer.Append("\n\n"u8);
        return buffer.Written.ToArray();
    }

    public override byte[] Error(RequestError error)
    {
        var buffer = new ByteBuffer(256);
        buffer.Append("event: error\ndata: "u8);
        buffer.Append(ControlFrames.Error(error).Written);
        buffer.Append("\n\n"u8);
        return buffer.Written.ToArray();
    }

    public override byte[] Access(in AccessNotice notice) => Named("access"u8, ControlFrames.AccessFields(notice));

    public override byte[] Expiring(long seconds)
    {
        var fields = new ByteBuffer(32);
        fields.Append("{\"in\":"u8);
        fields.Append(seconds);
        fields.Append((byte)'}');
        return Named("expiring"u8, fields);
    }

    /// <summary>The last block: why the stream ends. The close codes are those of the WebSocket.</summary>
    public static byte[] Close(CloseCode code)
    {
        var buffer = new ByteBuffer(64);
        buffer.Append("event: close\ndata: {\"code\":"u8);
        buffer.Append((long)code);
        buffer.Append("}\n\n"u8);
        return buffer.Written.ToArray();
    }

    private static byte[] Named(ReadOnlySpan<byte> name, ByteBuffer data)
    {
        var buffer = new ByteBuffer(128);
        buffer.Append("event: "u8);
        buffer.Append(name);
        buffer.Append("\ndata: "u8);
        buffer.Append(data.Written);
        buffer.Append("\n\n"u8);
        return buffer.Written.ToArray();
    }

    private static void AppendBlock(ByteBuffer buffer, LogEvent logEvent, bool includeUpdate)
    {
        var text = json ??= new ByteBuffer(4096);
        text.Trim(Limits.Deliver.SendBytes);
        EventEncoder.Append(text, logEvent, includeUpdate, isLineSafe: true);
        AppendId(buffer, new LogPosition(logEvent.LogId, logEvent.Seq));

        // A line feed inside (a pretty-printed update) would end the field; the client puts the lines together again with line feeds.
        var rest = text.Written;
        while (true)
        {
            var end = rest.IndexOf((byte)'\n');
            buffer.Append("data: "u8);
            buffer.Append(end < 0 ? rest : rest[..end]);
            buffer.Append((byte)'\n');
            if (end < 0)
            {
                break;
            }

            rest = rest[(end + 1)..];
        }

        buffer.Append((byte)'\n');
    }

    private static void AppendId(ByteBuffer buffer, LogPosition position)
    {
        buffer.Append("id: "u8);
        buffer.AppendText(position.LogId);
        buffer.Append((byte)'-');
        buffer.Append(position.Seq);
        buffer.Append((byte)'\n');
    }
}
