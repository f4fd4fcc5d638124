using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Gateway.Messages;

/// <summary>
/// The text of a JSON string whose raw characters a <see cref="Slice"/> holds: escapes resolved, and what no Unicode text can hold
/// (lone surrogates, bytes that are not UTF-8) replaced by U+FFFD. For text columns; the payload keeps the original.
/// </summary>
internal static class JsonText
{
    /// <summary>Room that is always enough for <see cref="Decode(ReadOnlySpan{byte}, Span{byte})"/>: a byte that is not UTF-8 becomes three.</summary>
    public static int MaxDecodedBytes(int rawBytes) => rawBytes * 3;

    /// <summary>True when the raw characters are the text already; most are.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> raw) => !raw.Contains((byte)'\\') && Utf8.IsValid(raw);

    public static string Decode(ReadOnlySpan<byte> raw)
    {
        if (IsPlain(raw)) return Encoding.UTF8.GetString(raw);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxDecodedBytes(raw.Length));
        var text = Encoding.UTF8.GetString(buffer, 0, Decode(raw, buffer));
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    /// <summary>Writes the text as UTF-8 and answers its length.</summary>
    public static int Decode(ReadOnlySpan<byte> raw, Span<byte> text)
    {
        var written = 0;
        while (!raw.IsEmpty)
        {
            if (raw[0] == '\\') written += Unescape(ref raw).EncodeToUtf8(text[written..]);
            else
            {
                Rune.DecodeFromUtf8(raw, out var rune, out var consumed);
                raw = raw[consumed..];
                written += rune.EncodeToUtf8(text[written..]);
            }
        }

        return written;
    }

    private static Rune Unescape(ref ReadOnlySpan<byte> raw)
    {
        if (raw.Length < 2) return Unknown(ref raw, raw.Length);
        if (raw[1] != 'u')
        {
            var single = raw[1] switch
            {
                (byte)'n' => '\n',
                (byte)'t' => '\t',
                (byte)'r' => '\r',
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'"' or (byte)'\\' or (byte)'/' => (char)raw[1],
                _ => '\uFFFD',
            };
            raw = raw[2..];
            return new Rune(single);
        }

        if (!TryUnit(raw, out var first)) return Unknown(ref raw, 2);
        raw = raw[6..];
        if (Rune.TryCreate(first, out var rune)) return rune;
        if (!TryUnit(raw, out var second) || !Rune.TryCreate(first, second, out rune)) return Rune.ReplacementChar;
        raw = raw[6..];
        return rune;
    }

    private static bool TryUnit(ReadOnlySpan<byte> raw, out char unit)
    {
        unit = default;
        if (raw.Length < 6 || raw[0] != '\\' || raw[1] != 'u') return false;
        var isHex = ushort.TryParse(raw.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        unit = (char)value;
        return isHex;
    }

    private static Rune Unknown(ref ReadOnlySpan<byte> raw, int length)
    {
        raw = raw[length..];
        return Rune.ReplacementChar;
    }
}
