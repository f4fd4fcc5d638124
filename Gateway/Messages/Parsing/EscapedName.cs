namespace Gateway.Messages.Parsing;

/// <summary>
/// Field names written with escapes (<c>"mess\u0061ge"</c>). The JSON reader's own comparison throws on lone surrogates, so the few
/// names that matter, which are all ASCII, are decoded here.
/// </summary>
internal static class EscapedName
{
    /// <summary>The longest name that is decoded: every known name is shorter, and a longer one is no kind's name (Limits.Ingest.KindBytes).</summary>
    public const int MaxBytes = Limits.Ingest.KindBytes;

    /// <summary>Writes the name without escapes; false when it has other than ASCII characters or is too long to be a known one.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> escaped, Span<byte> decoded, out int length)
    {
        length = 0;
        for (var index = 0; index < escaped.Length;)
        {
            if (length == decoded.Length || !TryReadUnit(escaped, ref index, out var unit) || unit >= 0x80)
            {
                return false;
            }

            decoded[length++] = (byte)unit;
        }

        return true;
    }

    /// <summary>
    /// Reads one character of a raw JSON string: an escape, or one byte of a literal character (the caller sees lead bytes as they are).
    /// False only at a broken escape, which the JSON reader lets nobody see.
    /// </summary>
    public static bool TryReadUnit(ReadOnlySpan<byte> raw, ref int index, out int unit)
    {
        unit = raw[index++];
        if (unit != '\\')
        {
            return true;
        }

        if (index == raw.Length)
        {
            return false;
        }

        int escape = raw[index++];
        if (escape != 'u')
        {
            unit = escape switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', _ => escape };
            return true;
        }

        if (raw.Length - index < 4 || !System.Buffers.Text.Utf8Parser.TryParse(raw.Slice(index, 4), out ushort code, out var consumed, 'X') || consumed != 4)
        {
            return false;
        }

        index += 4;
        unit = code;
        return true;
    }
}
