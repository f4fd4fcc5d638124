using System.Text;
using Gateway.Log;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Log;

public sealed class SearchTextTests
{
    [Theory]
    [InlineData("Hello, World", "wxhello wxworld")]
    [InlineData("a", "wxa")]
    [InlineData("w", "wxw")]
    [InlineData("foo_bar@example.com", "wxfoo wxbar wxexample wxcom")]
    [InlineData("Café NAÏVE Ångström Łódź ạ", "wxcafe wxnaive wxangstrom wxlodz wxa")]
    [InlineData("Cafe\u0301", "wxcafe")]
    [InlineData("ＡＢＣ１２", "wxabc12")]
    [InlineData("٣٤", "wx34")]
    [InlineData("Ёж", "u04350436")]
    [InlineData("еж", "u04350436")]
    [InlineData("Σίσυφος", "u03c303b903c303c503c603bf03c3")]
    [InlineData("東京 ok", "u6771 u4eac wxok")]
    [InlineData("สวัสดี", "u0e2a u0e27 u0e2a u0e14")]
    [InlineData("iphone手机", "wxiphone u624b u673a")]
    [InlineData("👍🏽!", "ud83ddc4d")]
    [InlineData("\ud83d alone", "wxalone")]
    [InlineData("!?* \u200b", "")]
    [InlineData("' OR 1=1 --", "wxor wx1 wx1")]
    public void Append_Text_IsItsTerms(string text, string expected)
    {
        var terms = new StringBuilder();
        SearchText.Append(terms, text);
        Assert.Equal(expected, terms.ToString());
    }

    [Fact]
    public void Append_AnyText_HasOnlyLettersAndDigits()
    {
        var random = new Random(7);
        var terms = new StringBuilder();
        for (var round = 0; round < 2000; round++)
        {
            var text = new StringBuilder();
            for (var i = 0; i < 40; i++) text.Append((char)(random.Next(4) == 0 ? random.Next(0x10000) : random.Next(0x80)));
            SearchText.Append(terms.Clear(), text.ToString());
            foreach (var term in terms.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                Assert.InRange(term.Length, 3, 84);
                Assert.DoesNotContain(term, letter => letter is not (>= 'a' and <= 'z' or >= '0' and <= '9'));
            }
        }
    }

    [Fact]
    public void WordLetters_Over_AreFoundByTheFirst()
    {
        var word = new string('a', Limits.Search.WordLetters);
        Assert.Equal("wx" + word + " chat2 bot1", SearchText.TermsOf(word + "bbb", 1, 2, 0));
        Assert.Equal(82 - 1, SearchText.TermsOf(new string('ж', 50), 1, 2, 0).Split(' ')[0].Length);
    }

    [Fact]
    public void TextCharacters_Over_AreNotIndexed()
    {
        var text = new string(' ', Limits.Search.TextCharacters - 1) + "ab";
        Assert.Equal("wxa chat2 bot1", SearchText.TermsOf(text, 1, 2, 0));
    }

    [Theory]
    [InlineData("red car", new[] { "wxred", "wxcar" })]
    [InlineData("red \"blue car\" red", new[] { "wxred", "wxblue wxcar" })]
    [InlineData("\"never closed end", new[] { "wxnever wxclosed wxend" })]
    [InlineData("me@x.org", new[] { "wxme wxx wxorg" })]
    [InlineData("NEAR(a b) a* -b +c ^d {x}:y", new[] { "wxnear wxa", "wxb", "wxa", "wxc", "wxd", "wxx wxy" })]
    public void Query_Text_IsItsPhrases(string q, string[] expected) => Assert.Equal(expected, SearchQuery.TryParse(q, out _)!.Phrases);

    [Theory]
    [InlineData(3, "wxa chat2 bot1 thread2x3")]
    [InlineData(0, "wxa chat2 bot1")]
    [InlineData(-3, "wxa chat2 bot1")]
    public void Terms_OfAThread_NameItWithItsChat(long thread, string expected) => Assert.Equal(expected, SearchText.TermsOf("a", 1, 2, thread));

    [Fact]
    public void Query_ForEachEngine_HoldsNothingOfTheText()
    {
        var scope = new MessageQuery(9, 9) { ChatIds = [4], BotIds = [2], Threads = [(5, 6)] };
        var query = SearchQuery.TryParse("x\" OR chat:9) -- \\' \"a b", out _)!;
        Assert.Equal("\"wxx\" AND \"wxor wxchat wx9\" AND \"wxa\" AND \"wxb\" AND (\"chat4\" OR \"bot2\" OR \"thread5x6\")", query.ToFts5(scope));
        Assert.Equal("+wxx +\"wxor wxchat wx9\" +wxa +wxb +(chat4 bot2 thread5x6)", query.ToBooleanMode(scope));
        Assert.Equal("+wxx +\"wxor wxchat wx9\" +wxa +wxb ", query.ToBooleanMode(new(9, 9)));
    }

    [Fact]
    public void Query_OverItsBounds_IsRefused()
    {
        Assert.NotNull(SearchQuery.TryParse(new string('a', Limits.Search.QueryCharacters), out _));
        Assert.Null(SearchQuery.TryParse(new string('a', Limits.Search.QueryCharacters + 1), out var problem));
        Assert.Contains("256", problem, StringComparison.Ordinal);
        Assert.NotNull(SearchQuery.TryParse(string.Join(' ', Enumerable.Range(0, Limits.Search.QueryWords)), out _));
        Assert.Null(SearchQuery.TryParse(string.Join(' ', Enumerable.Range(0, Limits.Search.QueryWords + 1)), out problem));
        Assert.Contains("32", problem, StringComparison.Ordinal);
        Assert.Null(SearchQuery.TryParse(" !? ", out problem));
        Assert.Contains("letter", problem, StringComparison.Ordinal);
    }
}
