using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Http;

/// <summary>
/// Reads the query parameters a handler knows and refuses the others: a misspelt <c>chat_ids</c> that is silently ignored would
/// widen what a client gets. One per handler, made once.
/// </summary>
internal sealed class QueryReader(params string[] known)
{
    public QueryValues Read(Exchange exchange) => Read(exchange.Request.QueryString.Value);

    public QueryValues Read(string? query)
    {
        var values = new string?[known.Length];
        foreach (var pair in new QueryStringEnumerable(query))
        {
            var name = pair.DecodeName().Span;
            if (name.IsEmpty && pair.EncodedValue.IsEmpty)
            {
                continue;
            }

            var index = IndexOf(name);
            if (index < 0)
            {
                return new QueryValues(known, values, $"There is no parameter {Excerpt(name)} here; known are {string.Join(", ", known)}.");
            }

            if (values[index] is not null)
            {
                return new QueryValues(known, values, $"The parameter {known[index]} is given twice.");
            }

            values[index] = pair.DecodeValue().ToString();
        }

        return new QueryValues(known, values, null);
    }

    private int IndexOf(ReadOnlySpan<char> name)
    {
        for (var index = 0; index < known.Length; index++)
        {
            if (name.SequenceEqual(known[index]))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>Enough of an unknown name to recognise a typing error, not enough to reflect what a stranger put there.</summary>
    private static string Excerpt(ReadOnlySpan<char> name)
    {
        var length = name.IndexOfAnyExcept(NameCharacters);
        return name[..Math.Min(length < 0 ? name.Length : length, 40)].ToString();
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
}

/// <summary>What a query said.</summary>
/// <param name="problem">Why the request is 400, for people; null when all is well.</param>
internal readonly struct QueryValues(string[] names, string?[] values, string? problem)
{
    public string? Problem { get; } = problem;

    /// <summary>Null where the parameter is not given.</summary>
    public string? this[string name] => values[Array.IndexOf(names, name)];

    /// <summary>Only <c>true</c> and <c>1</c> mean yes, only <c>false</c>, <c>0</c> and absence mean no; false when it is something else.</summary>
    public bool TryGetBoolean(string name, out bool value)
    {
        var text = this[name];
        value = text is "true" or "1";
        return value || text is null or "false" or "0";
    }

    /// <summary>RFC 3339 with a zone; false when the text is no such time, null when it is not given.</summary>
    public bool TryGetTime(string name, out DateTimeOffset? value)
    {
        value = null;
        if (this[name] is not { } text)
        {
            return true;
        }

        value = Rfc3339Time.Parse(text);
        return value is not null;
    }

    /// <summary>False when the text is no integer; null when it is not given.</summary>
    public bool TryGetLong(string name, out long? value)
    {
        value = null;
        if (this[name] is not { } text)
        {
            return true;
        }

        var isNumber = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        value = isNumber ? number : null;
        return isNumber;
    }
}
