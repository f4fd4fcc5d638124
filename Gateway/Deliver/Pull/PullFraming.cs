using System.Buffers.Binary;
using Gateway.Messages;

namespace Gateway.Deliver.Pull;

internal enum PullRecord : byte
{
    Event,
    Gap,

    /// <summary>Everything up to the seq was given: from here on it is live.</summary>
    CaughtUp,
}

/// <summary>
/// What a pull collects: records of a header (kind, seq, length) and JSON, which the outlet of the same process takes apart. No client sees them.
/// </summary>
internal sealed class PullFraming : Framing
{
    public const int HeaderBytes = 1 + sizeof(long) + sizeof(int);

    public static readonly PullFraming Instance = new();

    [ThreadStatic]
    private static ByteBuffer? json;

    public override byte[] Event(EncodedEvent encoded, bool includeUpdate) => Record(PullRecord.Event, encoded.Seq, Encode(encoded.Event, includeUpdate));

    public override void AppendEvent(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate) =>
        Append(buffer, PullRecord.Event, encoded.Seq, Encode(encoded.Event, includeUpdate));

    public override void AppendReplay(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate, string subscriptionId) =>
        AppendEvent(buffer, encoded, includeUpdate);

    public override byte[] Subscribed(string subscriptionId, LogPosition position) => [];

    public override byte[] Unsubscribed(string subscriptionId) => [];

    public override byte[] CaughtUp(string subscriptionId, LogPosition position) => Record(PullRecord.CaughtUp, position.Seq, []);

    public override byte[] Position(string subscriptionId, LogPosition position) => [];

    public override byte[] Gap(string subscriptionId, in StreamGap gap)
    {
        var buffer = new ByteBuffer(256);
        ControlFrames.AppendGap(buffer, gap);
        return Record(PullRecord.Gap, gap.Earliest - 1, buffer.Written);
    }

    public override byte[] Error(RequestError error) => [];

    /// <summary>An answer is of one moment.</summary>
    public override byte[] Access(in AccessNotice notice) => [];

    public override bool IsPush => false;

    public static (PullRecord Kind, long Seq, int JsonBytes) ReadHeader(ReadOnlySpan<byte> record) =>
        ((PullRecord)record[0], BinaryPrimitives.ReadInt64LittleEndian(record[1..]), BinaryPrimitives.ReadInt32LittleEndian(record[(1 + sizeof(long))..]));

    private static ReadOnlySpan<byte> Encode(LogEvent logEvent, bool includeUpdate)
    {
        var buffer = json ??= new ByteBuffer(4096);
        buffer.Trim(Limits.Deliver.SendBytes);
        EventEncoder.Append(buffer, logEvent, includeUpdate, isLineSafe: false);
        return buffer.Written;
    }

    private static byte[] Record(PullRecord kind, long seq, ReadOnlySpan<byte> text)
    {
        var buffer = new ByteBuffer(HeaderBytes + text.Length);
        Append(buffer, kind, seq, text);
        return buffer.Written.ToArray();
    }

    private static void Append(ByteBuffer buffer, PullRecord kind, long seq, ReadOnlySpan<byte> text)
    {
        var header = buffer.Free(HeaderBytes);
        header[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(header[1..], seq);
        BinaryPrimitives.WriteInt32LittleEndian(header[(1 + sizeof(long))..], text.Length);
        buffer.Advance(HeaderBytes);
        buffer.Append(text);
    }
}
