using System.Globalization;
using System.Text;

namespace Gateway.Log;

internal enum RuneKind
{
    /// <summary>Part of a word.</summary>
    Letter,

    /// <summary>A word by itself.</summary>
    Alone,

    /// <summary>Between words.</summary>
    Separator,

    /// <summary>As if it were not there: accents written apart, joiners, variation selectors, skin tones.</summary>
    Nothing,
}

/// <summary>
/// What is one letter for a search: case, accents, full width and the script of a digit do not count. The runtime's own decomposition needs
/// ICU, which the program goes without, so the accented Latin letters are a table; the rest (Cyrillic, Greek) are the few that people leave out.
/// </summary>
internal static class SearchFolding
{
    // Base letters of U+00C0–U+024F and U+1E00–U+1EFF by Unicode's canonical decomposition, and đ ø ł ı ħ ŧ ð; a dot: has none.
    private const string Latin =
        "aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.yaaaaaaccccccccddddeeeeeeeeeegggggggg"
        + "hhhhiiiiiiiiii..jjkk.llllll..llnnnnnn...oooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzz........."
        + "........................oo.............uu............................aaiioouuuuuuuuuu.aaaa....ggkkoo"
        + "oo..j...gg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............................";

    private const string LatinAdditional =
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrrssss"
        + "ssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeee"
        + "iiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

    private const string Accented = "ёάέήίόύώϊϋΐΰς";
    private const string Bare = "еαεηιουωιυιυσ";

    public static Rune Fold(Rune rune)
    {
        // Full width forms of ASCII.
        if (rune.Value is >= 0xff01 and <= 0xff5e) rune = new Rune(rune.Value - 0xfee0);
        if (rune.Value is >= 0xc0 and < 0x250 && Latin[rune.Value - 0xc0] is var latin and not '.') return new Rune(latin);
        if (rune.Value is >= 0x1e00 and < 0x1f00 && LatinAdditional[rune.Value - 0x1e00] is var additional and not '.') return new Rune(additional);
        if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber) return new Rune('0' + (int)Rune.GetNumericValue(rune));
        rune = Rune.ToLowerInvariant(rune);
        if (rune.IsBmp && Accented.IndexOf((char)rune.Value) is var index and >= 0) return new Rune(Bare[index]);
        return rune;
    }

    public static RuneKind KindOf(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierSymbol => RuneKind.Nothing,
        // U+FFFD stands for what was no text.
        UnicodeCategory.OtherSymbol => rune == Rune.ReplacementChar ? RuneKind.Separator : RuneKind.Alone,
        UnicodeCategory.OtherLetter => IsWithoutSpaces(rune.Value) ? RuneKind.Alone : RuneKind.Letter,
        // Half of these are written between kana; Thai and Lao vowels that are spacing marks belong to their script.
        UnicodeCategory.ModifierLetter or UnicodeCategory.SpacingCombiningMark => IsWithoutSpaces(rune.Value) ? RuneKind.Alone : RuneKind.Letter,
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.LetterNumber
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.OtherNumber => RuneKind.Letter,
        _ => RuneKind.Separator,
    };

    // Thai and Lao, Myanmar, Khmer; kana, bopomofo and Han with their extensions; Hangul, whose words carry their particles.
    private static bool IsWithoutSpaces(int value) => value is
        >= 0x0e00 and <= 0x0eff or >= 0x1000 and <= 0x109f or >= 0x1780 and <= 0x17ff
        or >= 0x1100 and <= 0x11ff or >= 0x3005 and <= 0x9fff or >= 0xac00 and <= 0xd7ff or >= 0xf900 and <= 0xfaff or >= 0xff66 and <= 0xff9f
        or >= 0x20000 and <= 0x3ffff;
}
