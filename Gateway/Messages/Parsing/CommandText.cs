namespace Gateway.Messages.Parsing;

/// <summary>
/// Finds a bot command's name in the raw characters of a JSON string. Entity lengths count UTF-16 units of the decoded text, and
/// Telegram writes the slash as <c>\/</c>, so raw bytes and units have to be walked together.
/// </summary>
internal static class CommandText
{
    /// <param name="entityUnits">The length of the bot_command entity at offset 0, slash included.</param>
    public static Slice Find(ReadOnlySpan<byte> body, Slice text, long entityUnits)
    {
        var raw = text.Of(body);
        var index = 0;
        if (raw.IsEmpty || entityUnits < 2 || !EscapedName.TryReadUnit(raw, ref index, out var unit) || unit != '/')
        {
            return default;
        }

        var start = index;
        var end = index;
        for (var units = 1L; units < entityUnits && index < raw.Length; end = index)
        {
            if (!EscapedName.TryReadUnit(raw, ref index, out unit) || unit == '@')
            {
                break;
            }

            units += SkipLiteral(raw, ref index, unit);
        }

        return end == start ? default : new Slice(text.Start + start, end - start);
    }

    /// <summary>Passes the continuation bytes of a literal character; answers how many UTF-16 units it is (four UTF-8 bytes are two).</summary>
    private static int SkipLiteral(ReadOnlySpan<byte> raw, ref int index, int lead)
    {
        // Only a literal lead byte has continuation bytes after it; an escaped U+00C3 reads as the same number, but is followed by none.
        var before = index;
        while (index < raw.Length && (raw[index] & 0xC0) == 0x80)
        {
            index++;
        }

        return index - before == 3 && lead >= 0xF0 ? 2 : 1;
    }
}
