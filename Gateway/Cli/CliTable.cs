using System.Globalization;
using System.Text;

namespace Gateway.Cli;

/// <summary>Rows in aligned columns, for people.</summary>
internal static class CliTable
{
    public static string Of(IReadOnlyList<string> headings, IEnumerable<object?[]> rows)
    {
        List<string[]> lines = [[.. headings], .. rows.Select(row => row.Select(cell => Convert.ToString(cell, CultureInfo.InvariantCulture) ?? "").ToArray())];
        var widths = headings.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            for (var column = 0; column < line.Length; column++) text.Append(line[column].PadRight(widths[column] + 2));
            while (text.Length > 0 && text[^1] == ' ') text.Length--;
            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }
}
