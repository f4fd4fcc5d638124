using System.Globalization;
using System.Text;
using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// Makes terms of a text, the same way when a message is indexed and when it is looked for. A term is made of a–z and 0–9 only, so every
/// engine cuts and compares it alike and no character of a query means anything to one. A word of ASCII letters becomes <c>wx</c> and
/// the word; one with other letters <c>u</c> and its UTF-16 units in hex. Case, accents and full width do not count. Scripts that write no
/// spaces, and emoji, become a term per character, and a query of several an exact sequence: so any part of such a text is found.
/// </summary>
internal static class SearchText
{
    // wx: no stop word of InnoDB's begins with it, and one letter makes three, its least length. ("ww" would make "www" of "w": a stop word.)
    private const string AsciiMark = "wx";
    private const char OtherMark = 'u';
    private const int HexDigits = 4;

    /// <summary>The terms of a message, and those by which its chat, bot and thread (zero: none) are matched; empty where the text has no word.</summary>
    public static string TermsOf(string? text, long botId, long chatId, long threadId)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var terms = new StringBuilder(text.Length * 2);
        Append(terms, text.AsSpan(0, Math.Min(text.Length, Limits.Search.TextCharacters)));
        if (terms.Length == 0) return "";
        terms.Append(' ').Append(ChatTerm(chatId)).Append(' ').Append(BotTerm(botId));
        // Telegram's are positive. Any other gets no term: a sign would be an operator, and who may read one thread does not find what is in none.
        if (threadId > 0) terms.Append(' ').Append(ThreadTerm(chatId, threadId));
        return terms.ToString();
    }

    /// <summary>No word can make this term: theirs begin with <c>wx</c> or <c>u</c>.</summary>
    public static string ChatTerm(long chatId) => string.Create(CultureInfo.InvariantCulture, $"chat{chatId}");

    /// <summary>As <see cref="ChatTerm"/>.</summary>
    public static string BotTerm(long botId) => string.Create(CultureInfo.InvariantCulture, $"bot{botId}");

    /// <summary>As <see cref="ChatTerm"/>; 45 letters at most, of 84.</summary>
    public static string ThreadTerm(long chatId, long threadId) => string.Create(CultureInfo.InvariantCulture, $"thread{chatId}x{threadId}");

    /// <summary>Appends the text's terms with one space between two.</summary>
    public static void Append(StringBuilder terms, ReadOnlySpan<char> text)
    {
        var word = new Word(terms, stackalloc char[Limits.Search.WordLetters]);
        foreach (var raw in text.EnumerateRunes())
        {
            if (raw.IsAscii)
            {
                if (Rune.IsLetterOrDigit(raw)) word.Add((char)(raw.Value is >= 'A' and <= 'Z' ? raw.Value | 0x20 : raw.Value));
                else word.End();
                continue;
            }

            var rune = SearchFolding.Fold(raw);
            switch (SearchFolding.KindOf(rune))
            {
                case RuneKind.Letter: word.Add(rune); break;
                case RuneKind.Alone: word.AddAlone(rune); break;
                case RuneKind.Separator: word.End(); break;
                case RuneKind.Nothing: break;
            }
        }

        word.End();
    }

    /// <summary>The word being read.</summary>
    private ref struct Word(StringBuilder terms, Span<char> letters)
    {
        private readonly Span<char> letters = letters;
        private int length;
        private bool isOther;

        // What is over the room is let go: the word is found by its beginning.
        public void Add(char letter)
        {
            if (length == letters.Length) return;
            letters[length++] = letter;
            isOther |= letter > 0x7f;
        }

        public void Add(Rune rune)
        {
            Span<char> units = stackalloc char[2];
            var count = rune.EncodeToUtf16(units);
            foreach (var unit in units[..count]) Add(unit);
        }

        public void AddAlone(Rune rune)
        {
            End();
            Add(rune);
            End();
        }

        public void End()
        {
            if (length == 0) return;
            if (terms.Length > 0) terms.Append(' ');
            if (isOther) AppendHex(letters[..Math.Min(length, Limits.Search.WordLetters / HexDigits)]);
            else terms.Append(AsciiMark).Append(letters[..length]);
            (length, isOther) = (0, false);
        }

        private readonly void AppendHex(ReadOnlySpan<char> units)
        {
            terms.Append(OtherMark);
            foreach (var unit in units)
                for (var shift = 12; shift >= 0; shift -= 4) terms.Append("0123456789abcdef"[(unit >> shift) & 0xf]);
        }
    }
}
