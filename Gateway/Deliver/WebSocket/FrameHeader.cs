using System.Buffers;
using System.Buffers.Binary;

namespace Gateway.Deliver.WebSocket;

internal enum HeaderStatus
{
    NeedMore,
    Complete,

    /// <summary>A reserved bit, no mask, or a length that is not in its shortest form.</summary>
    Invalid,
}

/// <summary>The head of a client's frame (RFC 6455 section 5.2).</summary>
internal readonly struct FrameHeader
{
    private const int MaxBytes = 14;

    public required bool IsFinal { get; init; }
    public required Opcode Opcode { get; init; }
    public required long PayloadBytes { get; init; }
    public required int HeaderBytes { get; init; }
    public required uint Mask { get; init; }

    public bool IsControl => (byte)Opcode >= 8;

    public static HeaderStatus TryParse(in ReadOnlySequence<byte> buffer, out FrameHeader header)
    {
        header = default;
        Span<byte> scratch = stackalloc byte[MaxBytes];
        scoped var span = buffer.FirstSpan;
        if (span.Length < MaxBytes && span.Length < buffer.Length)
        {
            var length = (int)Math.Min(buffer.Length, MaxBytes);
            buffer.Slice(0, length).CopyTo(scratch);
            span = scratch[..length];
        }
        return TryParse(span, ref header);
    }

    private static HeaderStatus TryParse(ReadOnlySpan<byte> span, ref FrameHeader header)
    {
        if (span.Length < 2)
        {
            // The first byte alone can be judged, so that garbage is not waited on.
            return span.Length == 1 && (span[0] & 0x70) != 0 ? HeaderStatus.Invalid : HeaderStatus.NeedMore;
        }
        if ((span[0] & 0x70) != 0 || (span[1] & 0x80) == 0)
        {
            return HeaderStatus.Invalid;
        }
        var shortLength = span[1] & 0x7F;
        var lengthBytes = shortLength switch { 126 => 2, 127 => 8, _ => 0 };
        if (span.Length < 2 + lengthBytes)
        {
            return HeaderStatus.NeedMore;
        }
        var payloadBytes = lengthBytes switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(span[2..]),
            8 => BinaryPrimitives.ReadUInt64BigEndian(span[2..]),
            _ => (ulong)shortLength,
        };
        if (!IsShortestForm(lengthBytes, payloadBytes))
        {
            return HeaderStatus.Invalid;
        }
        // The mask may be missing still: the length is judged by the caller first, so a peer cannot make it wait for a giant.
        var headerBytes = 2 + lengthBytes + sizeof(uint);
        header = new FrameHeader
        {
            IsFinal = (span[0] & 0x80) != 0,
            Opcode = (Opcode)(span[0] & 0x0F),
            PayloadBytes = (long)payloadBytes,
            HeaderBytes = headerBytes,
            Mask = span.Length >= headerBytes ? BinaryPrimitives.ReadUInt32LittleEndian(span[(2 + lengthBytes)..]) : 0,
        };
        return HeaderStatus.Complete;
    }

    private static bool IsShortestForm(int lengthBytes, ulong payloadBytes) => lengthBytes switch
    {
        2 => payloadBytes > 125,
        8 => payloadBytes is > ushort.MaxValue and <= long.MaxValue,
        _ => true,
    };
}
