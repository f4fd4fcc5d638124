using System.Text;
using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// What a <c>q</c> asks for: all of its words and, between double quotes, words next to each other in this order. A word with punctuation
/// inside (an address, a date) is such a sequence too. Nothing in it is an operator.
/// </summary>
internal sealed class SearchQuery
{
    private SearchQuery(IReadOnlyList<string> phrases) => Phrases = phrases;

    /// <summary>Each one term, or several with spaces that must stand together.</summary>
    public IReadOnlyList<string> Phrases { get; }

    /// <summary>Null with a reason for people.</summary>
    public static SearchQuery? TryParse(string text, out string? problem)
    {
        problem = null;
        if (text.Length > Limits.Search.QueryCharacters)
        {
            problem = $"has at most {Limits.Search.QueryCharacters} characters";
            return null;
        }

        var phrases = new List<string>();
        var parts = text.Split('"');
        for (var i = 0; i < parts.Length; i++)
        {
            // Every second part stands between quotes; one that is never closed ends with the text.
            if (i % 2 == 1) Add(phrases, parts[i]);
            else foreach (var word in parts[i].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) Add(phrases, word);
        }

        var words = phrases.Sum(phrase => phrase.AsSpan().Count(' ') + 1);
        if (words == 0) problem = "has at least one letter or digit";
        if (words > Limits.Search.QueryWords) problem = $"has at most {Limits.Search.QueryWords} words";
        return problem is null ? new(phrases) : null;
    }

    /// <summary>For FTS5's MATCH.</summary>
    public string ToFts5(MessageQuery scope)
    {
        var match = new StringBuilder();
        foreach (var phrase in Phrases) match.Append(match.Length > 0 ? " AND \"" : "\"").Append(phrase).Append('"');
        if (ScopesOf(scope) is { } scopes) match.Append(" AND (\"").AppendJoin("\" OR \"", scopes).Append("\")");
        return match.ToString();
    }

    /// <summary>For AGAINST … IN BOOLEAN MODE.</summary>
    public string ToBooleanMode(MessageQuery scope)
    {
        var against = new StringBuilder();
        foreach (var phrase in Phrases)
        {
            if (phrase.Contains(' ')) against.Append("+\"").Append(phrase).Append("\" ");
            else against.Append('+').Append(phrase).Append(' ');
        }

        // Last: the server keeps what the words leave and only passes through the long list of a chat's messages.
        if (ScopesOf(scope) is { } scopes) against.Append("+(").AppendJoin(' ', scopes).Append(')');
        return against.ToString();
    }

    // What is hidden is no hit at all: a page that passes over hits would tell by its cursor that there are some.
    private static IEnumerable<string>? ScopesOf(MessageQuery scope) => scope.IsOfAll
        ? null
        : (scope.ChatIds ?? []).Select(SearchText.ChatTerm)
            .Concat((scope.BotIds ?? []).Select(SearchText.BotTerm))
            .Concat((scope.Threads ?? []).Select(each => SearchText.ThreadTerm(each.ChatId, each.ThreadId)));

    private static void Add(List<string> phrases, string text)
    {
        var terms = new StringBuilder();
        SearchText.Append(terms, text);
        if (terms.Length > 0 && terms.ToString() is var phrase && !phrases.Contains(phrase)) phrases.Add(phrase);
    }
}
