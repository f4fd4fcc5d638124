using System.Numerics;
using System.Runtime.InteropServices;

namespace Gateway.Deliver.WebSocket;

/// <summary>RFC 6455 section 5.3: byte i of the payload is XORed with byte i mod 4 of the mask. The same both ways.</summary>
internal static class FrameMask
{
    /// <param name="payload">Changed in place.</param>
    /// <param name="mask">The four bytes as they travel, read little-endian.</param>
    public static void Apply(Span<byte> payload, uint mask)
    {
        if (Vector.IsHardwareAccelerated && payload.Length >= Vector<byte>.Count)
        {
            // Vector sizes are multiples of four, so the mask keeps its phase from one vector to the next.
            var vectorMask = Vector.AsVectorByte(new Vector<uint>(mask));
            var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(payload);
            for (var i = 0; i < vectors.Length; i++)
            {
                vectors[i] ^= vectorMask;
            }
            payload = payload[(vectors.Length * Vector<byte>.Count)..];
        }
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= (byte)(mask >> ((i & 3) * 8));
        }
    }
}
