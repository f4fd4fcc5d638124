using System.Text;

namespace Gateway.Tests.Tidy;

/// <summary>
/// Replaces comments and the contents of string and character literals by spaces, so that a rule about code does not
/// stumble over a sentence. Interpolation holes are blanked with their string: no rule here is about them.
/// </summary>
internal static class SourceBlanker
{
    public static string Blank(string text)
    {
        StringBuilder result = new(text);
        int index = 0;
        while (index < text.Length)
        {
            int end = EndOfLiteral(text, index);
            if (end == index)
            {
                index++;
                continue;
            }

            for (int i = index; i < end; i++)
            {
                if (result[i] != '\n')
                {
                    result[i] = ' ';
                }
            }

            index = end;
        }

        return result.ToString();
    }

    /// <summary>Where the comment or literal that starts here ends; the same index when none starts here.</summary>
    private static int EndOfLiteral(string text, int start)
    {
        if (At(text, start, "//"))
        {
            return After(text, "\n", start, keepMark: true);
        }

        if (At(text, start, "/*"))
        {
            return After(text, "*/", start + 2, keepMark: false);
        }

        if (text[start] == '\'')
        {
            return EndOfQuoted(text, start + 1, '\'');
        }

        if (text[start] != '"')
        {
            return start;
        }

        int quotes = 1;
        while (start + quotes < text.Length && text[start + quotes] == '"')
        {
            quotes++;
        }

        if (quotes >= 3)
        {
            return After(text, new string('"', quotes), start + quotes, keepMark: false);
        }

        if (quotes == 2)
        {
            return start + 2;
        }

        bool verbatim = start > 0 && (text[start - 1] == '@' || (start > 1 && text[start - 1] == '$' && text[start - 2] == '@'));
        return verbatim ? EndOfVerbatim(text, start + 1) : EndOfQuoted(text, start + 1, '"');
    }

    private static bool At(string text, int index, string mark) => string.CompareOrdinal(text, index, mark, 0, mark.Length) == 0;

    private static int After(string text, string mark, int from, bool keepMark)
    {
        int found = text.IndexOf(mark, Math.Min(from, text.Length), StringComparison.Ordinal);
        return found < 0 ? text.Length : found + (keepMark ? 0 : mark.Length);
    }

    private static int EndOfQuoted(string text, int index, char quote)
    {
        while (index < text.Length && text[index] != quote && text[index] != '\n')
        {
            index += text[index] == '\\' ? 2 : 1;
        }

        return Math.Min(index + 1, text.Length);
    }

    private static int EndOfVerbatim(string text, int index)
    {
        while (index < text.Length)
        {
            if (text[index] != '"')
            {
                index++;
            }
            else if (index + 1 < text.Length && text[index + 1] == '"')
            {
                index += 2;
            }
            else
            {
                return index + 1;
            }
        }

        return text.Length;
    }
}
