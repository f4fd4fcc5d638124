using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Tests.Http;

public sealed class PagingTests
{
    private static readonly QueryReader Query = new("offset", "limit", "cursor");

    private static (CursorPage Page, bool IsGood) Cursor(string query)
    {
        var errors = new ValidationErrors();
        return (CursorPage.Read(Query.Read(query), errors), errors.IsEmpty);
    }

    private static (OffsetPage Page, bool IsGood) Offset(string query)
    {
        var errors = new ValidationErrors();
        return (OffsetPage.Read(Query.Read(query), errors), errors.IsEmpty);
    }

    [Fact]
    public void Limit_Absent_IsTheDefault()
    {
        Assert.Equal((new CursorPage(long.MaxValue, Limits.Http.PageDefaultThings), true), Cursor(""));
        Assert.Equal((new OffsetPage(0, Limits.Http.PageDefaultThings), true), Offset(""));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(Limits.Http.PageThings, true)]
    [InlineData(Limits.Http.PageThings + 1, false)]
    [InlineData(-5, false)]
    public void Limit_OutsideItsBounds_IsRefused(int limit, bool isGood) => Assert.Equal(isGood, Cursor($"?limit={limit}").IsGood);

    [Theory]
    [InlineData("?offset=-1")]
    [InlineData("?offset=x")]
    [InlineData("?offset=99999999999")]
    [InlineData("?limit=")]
    public void Offset_ThatIsNone_IsRefused(string query) => Assert.False(Offset(query).IsGood);

    [Theory]
    [InlineData(1)]
    [InlineData(8123)]
    [InlineData((1L << 53) - 1)]
    public void Cursor_ThatWasGiven_NamesItsPlace(long last) =>
        Assert.Equal((new CursorPage(last, Limits.Http.PageDefaultThings), true), Cursor("?cursor=" + CursorPage.Encode(last)));

    [Theory]
    [InlineData("")]
    [InlineData("8123")]
    [InlineData("AAAAAAAAAAA")]
    [InlineData("__________8")]
    [InlineData("AAAAAAAAH7t")]
    [InlineData("' OR 1=1 --")]
    public void Cursor_MadeUp_IsRefused(string cursor) => Assert.False(Cursor("?cursor=" + Uri.EscapeDataString(cursor)).IsGood);

    [Fact]
    public void Cursor_WithOneCharacterChanged_IsRefused()
    {
        var given = CursorPage.Encode(8123);
        for (var at = 0; at < given.Length; at++)
        {
            var changed = given[..at] + (given[at] == 'A' ? 'B' : 'A') + given[(at + 1)..];
            Assert.False(Cursor("?cursor=" + changed).IsGood, changed);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void Cursor_OfWhatIsNoId_IsRefused(long last) => Assert.False(Cursor("?cursor=" + CursorPage.Encode(last)).IsGood);
}
