using Gateway.Messages;

namespace Gateway.Deliver.WebSocket;

/// <summary>JSON text frames, each with its header (RFC 6455 section 5.2), of the protocol in design section 5.</summary>
internal sealed class WebSocketFraming : Framing
{
    public static readonly WebSocketFraming Instance = new();

    [ThreadStatic]
    private static ByteBuffer? json;

    public override byte[] Event(EncodedEvent encoded, bool includeUpdate)
    {
        ref var cached = ref encoded.WebSocketFrame(includeUpdate);
        return cached ??= Frame(Encode(encoded.Event, includeUpdate).Written);
    }

    public override void AppendEvent(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate)
    {
        if (encoded.WebSocketFrame(includeUpdate) is { } cached)
        {
            buffer.Append(cached);
        }
        else
        {
            AppendFrame(buffer, Encode(encoded.Event, includeUpdate).Written);
        }
    }

    public override void AppendReplay(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate, string subscriptionId)
    {
        var text = Encode(encoded.Event, includeUpdate);
        text.Length--;
        text.Append(",\"replay\":"u8);
        ControlFrames.AppendString(text, subscriptionId);
        text.Append((byte)'}');
        AppendFrame(buffer, text.Written);
    }

    public override byte[] Subscribed(string subscriptionId, LogPosition position) =>
        Frame(ControlFrames.Positioned("subscribed"u8, subscriptionId, position, withLogId: true).Written);

    public override byte[] Unsubscribed(string subscriptionId) => Frame(ControlFrames.Named("unsubscribed"u8, subscriptionId).Written);

    public override byte[] CaughtUp(string subscriptionId, LogPosition position) =>
        Frame(ControlFrames.Positioned("caught_up"u8, subscriptionId, position, withLogId: false).Written);

    public override byte[] Position(string subscriptionId, LogPosition position) =>
        Frame(ControlFrames.Positioned("position"u8, subscriptionId, position, withLogId: false).Written);

    public override byte[] Gap(string subscriptionId, in StreamGap gap) => Frame(ControlFrames.Gap(subscriptionId, gap).Written);

    public override byte[] Expiring(long seconds) => Frame(ControlFrames.Expiring(seconds).Written);

    public override byte[] Error(RequestError error) => Frame(ControlFrames.Error(error).Written);

    private static ByteBuffer Encode(LogEvent logEvent, bool includeUpdate)
    {
        var buffer = json ??= new ByteBuffer(4096);
        buffer.Trim(Limits.Deliver.SendBytes);
        EventEncoder.Append(buffer, logEvent, includeUpdate, isLineSafe: false);
        return buffer;
    }

    private static byte[] Frame(ReadOnlySpan<byte> text)
    {
        var frame = new byte[FrameWriter.HeaderBytes(text.Length) + text.Length];
        FrameWriter.WriteFrame(frame, Opcode.Text, text);
        return frame;
    }

    private static void AppendFrame(ByteBuffer buffer, ReadOnlySpan<byte> text)
    {
        var free = buffer.Free(FrameWriter.MaxHeaderBytes + text.Length);
        buffer.Advance(FrameWriter.WriteFrame(free, Opcode.Text, text));
    }
}
