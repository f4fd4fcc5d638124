using System.Buffers.Binary;

namespace Gateway.Deliver.WebSocket;

/// <summary>RFC 6455 section 5.2, the server's half: frames are never masked and never fragmented.</summary>
internal static class FrameWriter
{
    /// <summary>The longest header a server frame can have: two bytes and a 64-bit length.</summary>
    public const int MaxHeaderBytes = 10;

    /// <summary>A control frame's payload (RFC 6455 section 5.5) and its two-byte header.</summary>
    public const int MaxControlBytes = 2 + FrameReader.MaxControlPayloadBytes;

    /// <summary>A close frame as <see cref="WriteClose"/> makes it.</summary>
    public const int CloseBytes = 4;

    private const byte Final = 0x80;

    /// <summary>Bytes of the header for a payload of this length.</summary>
    public static int HeaderBytes(int payloadBytes) => payloadBytes <= 125 ? 2 : payloadBytes <= ushort.MaxValue ? 4 : 10;

    /// <summary>Writes the header and answers its length.</summary>
    public static int WriteHeader(Span<byte> destination, Opcode opcode, int payloadBytes)
    {
        destination[0] = (byte)(Final | (byte)opcode);
        switch (HeaderBytes(payloadBytes))
        {
            case 2:
                destination[1] = (byte)payloadBytes;
                return 2;
            case 4:
                destination[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payloadBytes);
                return 4;
            default:
                destination[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payloadBytes);
                return 10;
        }
    }

    /// <summary>A whole frame: text, ping or pong.</summary>
    public static int WriteFrame(Span<byte> destination, Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var header = WriteHeader(destination, opcode, payload.Length);
        payload.CopyTo(destination[header..]);
        return header + payload.Length;
    }

    /// <summary>A close frame with its code and no reason: the codes are documented, and a reason would need a language.</summary>
    public static int WriteClose(Span<byte> destination, CloseCode code)
    {
        WriteHeader(destination, Opcode.Close, sizeof(ushort));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)code);
        return CloseBytes;
    }
}
