using System.Globalization;
using System.Text;
using Gateway.Messages;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>Writes literals into the text of a request. Sessions never set NO_BACKSLASH_ESCAPES, so the driver's escaping holds.</summary>
internal static class SqlText
{
    public static StringBuilder AppendNumber(this StringBuilder sql, long value) => sql.Append(CultureInfo.InvariantCulture, $"{value}");

    public static StringBuilder AppendNumber(this StringBuilder sql, long? value) => value is { } number ? sql.AppendNumber(number) : sql.Append("NULL");

    public static StringBuilder AppendLiteral(this StringBuilder sql, string? text) =>
        text is null ? sql.Append("NULL") : sql.Append('\'').Append(MySqlHelper.EscapeString(text)).Append('\'');

    /// <summary>A JSON string's text for a column of that many characters; null when it is not there.</summary>
    public static string? Decode(Slice slice, byte[] payload, int maxChars)
    {
        if (!slice.IsPresent) return null;
        string text = JsonText.Decode(slice.Of(payload));
        if (text.Length <= maxChars) return text;
        // Never half of a surrogate pair: the server would refuse it.
        return text[..(char.IsHighSurrogate(text[maxChars - 1]) ? maxChars - 1 : maxChars)];
    }

    public static StringBuilder AppendList(this StringBuilder sql, IEnumerable<long> values)
    {
        sql.Append('(');
        string comma = "";
        foreach (long value in values)
        {
            sql.Append(comma).AppendNumber(value);
            comma = ",";
        }

        return sql.Append(')');
    }
}
