using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Gateway.Deliver.WebSocket;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>Frames as a client sends them, right or wrong.</summary>
internal static class ClientFrames
{
    private static readonly byte[] Mask = [0x37, 0xFA, 0x21, 0x3D];

    public static byte[] Text(string text) => Frame(Opcode.Text, Encoding.UTF8.GetBytes(text));

    public static byte[] Close(int code, string reason = "")
    {
        var payload = new byte[2 + Encoding.UTF8.GetByteCount(reason)];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Encoding.UTF8.GetBytes(reason, payload.AsSpan(2));
        return Frame(Opcode.Close, payload);
    }

    public static byte[] Frame(Opcode opcode, ReadOnlySpan<byte> payload, bool isFinal = true, byte reserved = 0, bool isMasked = true)
    {
        var bytes = new byte[14 + payload.Length];
        bytes[0] = (byte)((isFinal ? 0x80 : 0) | reserved | (byte)opcode);
        var at = 2;
        if (payload.Length <= 125)
        {
            bytes[1] = (byte)payload.Length;
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            bytes[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)payload.Length);
            at = 4;
        }
        else
        {
            bytes[1] = 127;
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(2), (ulong)payload.Length);
            at = 10;
        }
        if (isMasked)
        {
            bytes[1] |= 0x80;
            Mask.CopyTo(bytes, at);
            at += 4;
        }
        for (var i = 0; i < payload.Length; i++)
        {
            bytes[at + i] = (byte)(payload[i] ^ (isMasked ? Mask[i % 4] : 0));
        }
        return bytes[..(at + payload.Length)];
    }

    /// <summary>The same bytes as a sequence of segments cut at every given length in turn.</summary>
    public static ReadOnlySequence<byte> Cut(byte[] bytes, params int[] lengths)
    {
        var first = new Segment(ReadOnlyMemory<byte>.Empty, 0);
        var last = first;
        var at = 0;
        for (var i = 0; at < bytes.Length; i++)
        {
            var length = lengths.Length == 0 ? bytes.Length : Math.Clamp(lengths[i % lengths.Length], 1, bytes.Length - at);
            last = last.Append(bytes.AsMemory(at, length));
            at += length;
        }
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
