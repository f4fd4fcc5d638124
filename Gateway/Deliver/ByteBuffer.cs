using System.Buffers.Text;
using System.Text;

namespace Gateway.Deliver;

/// <summary>A byte buffer that grows; owned by one thread at a time.</summary>
internal sealed class ByteBuffer(int capacity)
{
    private byte[] bytes = new byte[capacity];

    public int Length { get; set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Gives back what one large event made it grow to.</summary>
    public void Trim(int capacity)
    {
        if (bytes.Length > capacity)
        {
            bytes = new byte[capacity];
        }

        Length = 0;
    }

    public Span<byte> Free(int atLeast)
    {
        if (bytes.Length - Length < atLeast)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, Length + atLeast));
        }

        return bytes.AsSpan(Length);
    }

    public void Replace(int index, byte value) => bytes[index] = value;

    public void Advance(int count) => Length += count;

    public void Append(ReadOnlySpan<byte> span)
    {
        span.CopyTo(Free(span.Length));
        Length += span.Length;
    }

    public void Append(byte value)
    {
        Free(1)[0] = value;
        Length++;
    }

    public void Append(long value)
    {
        Utf8Formatter.TryFormat(value, Free(20), out var written);
        Length += written;
    }

    /// <summary>Text that needs no JSON escaping.</summary>
    public void AppendText(string value)
    {
        var free = Free(Encoding.UTF8.GetMaxByteCount(value.Length));
        Length += Encoding.UTF8.GetBytes(value, free);
    }
}
