using Gateway.Messages;

namespace Gateway.Deliver.WebSocket;

/// <summary>JSON text frames, each with its header (RFC 6455 section 5.2), of the protocol in design section 5.</summary>
internal sealed class WebSocketFraming : Framing
{
    public static readonly WebSocketFraming Instance = new();

    [ThreadStatic]
    private static ByteBuffer? json;

    [ThreadStatic]
    private static ByteBuffer? replayTag;

    [ThreadStatic]
    private static string? replayTagOf;

    public override byte[] Event(EncodedEvent encoded, bool includeUpdate)
    {
        ref var cached = ref encoded.WebSocketFrame(includeUpdate);
        return cached ??= Frame(Encode(encoded.Event, includeUpdate).Written);
    }

    public override void AppendEvent(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate)
    {
        if (encoded.KeepsFrames)
        {
            buffer.Append(Event(encoded, includeUpdate));
        }
        else
        {
            AppendFrame(buffer, Encode(encoded.Event, includeUpdate).Written);
        }
    }

    public override void AppendReplay(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate, string subscriptionId)
    {
        var tag = ReplayTag(subscriptionId);
        var text = encoded.KeepsFrames ? Payload(Event(encoded, includeUpdate)) : Encode(encoded.Event, includeUpdate).Written;
        var length = text.Length - 1 + tag.Length;
        var free = buffer.Free(FrameWriter.MaxHeaderBytes + length);
        var header = FrameWriter.WriteHeader(free, Opcode.Text, length);
        text[..^1].CopyTo(free[header..]);
        tag.CopyTo(free[(header + text.Length - 1)..]);
        buffer.Advance(header + length);
    }

    public override byte[] Subscribed(string subscriptionId, LogPosition position) =>
        Frame(ControlFrames.Positioned("subscribed"u8, subscriptionId, position, withLogId: true).Written);

    public override byte[] Unsubscribed(string subscriptionId) => Frame(ControlFrames.Named("unsubscribed"u8, subscriptionId).Written);

    public override byte[] CaughtUp(string subscriptionId, LogPosition position) =>
        Frame(ControlFrames.Positioned("caught_up"u8, subscriptionId, position, withLogId: false).Written);

    public override byte[] Position(string subscriptionId, LogPosition position) =>
        Frame(ControlFrames.Positioned("position"u8, subscriptionId, position, withLogId: false).Written);

    public override byte[] Gap(string subscriptionId, in StreamGap gap) => Frame(ControlFrames.Gap(subscriptionId, gap).Written);

    public override byte[] Access(in AccessNotice notice) => Frame(ControlFrames.Access(notice).Written);

    public override byte[] Expiring(long seconds) => Frame(ControlFrames.Expiring(seconds).Written);

    public override byte[] Error(RequestError error) => Frame(ControlFrames.Error(error).Written);

    private static ByteBuffer Encode(LogEvent logEvent, bool includeUpdate)
    {
        var buffer = json ??= new ByteBuffer(4096);
        buffer.Trim(Limits.Deliver.SendBytes);
        EventEncoder.Append(buffer, logEvent, includeUpdate, isLineSafe: false);
        return buffer;
    }

    /// <summary>What stands in place of the event's closing brace; the last one is kept, because a send is mostly of one subscription.</summary>
    private static ReadOnlySpan<byte> ReplayTag(string subscriptionId)
    {
        var buffer = replayTag ??= new ByteBuffer(128);
        if (!ReferenceEquals(replayTagOf, subscriptionId))
        {
            buffer.Clear();
            buffer.Append(",\"replay\":"u8);
            ControlFrames.AppendString(buffer, subscriptionId);
            buffer.Append((byte)'}');
            replayTagOf = subscriptionId;
        }

        return buffer.Written;
    }

    /// <summary>Of a frame made by <see cref="Frame"/>.</summary>
    private static ReadOnlySpan<byte> Payload(byte[] frame) => frame.AsSpan(frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : 10);

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
