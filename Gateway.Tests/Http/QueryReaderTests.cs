using Gateway.Http;
using Xunit;

namespace Gateway.Tests.Http;

public sealed class QueryReaderTests
{
    private static readonly QueryReader Reader = new("after", "chat_id", "all");

    [Fact]
    public void Read_KnownParameters_AreDecodedOnce()
    {
        var values = Reader.Read("?after=12&chat_id=tg%3A1%3A-100%2525&all");
        Assert.Null(values.Problem);
        Assert.Equal(("tg:1:-100%25", "", true), (values["chat_id"], values["all"], values.TryGetLong("after", out var after) && after == 12));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("?&&")]
    public void Read_Nothing_HasNothing(string? query)
    {
        var values = Reader.Read(query);
        Assert.Equal((null, null), (values.Problem, values["after"]));
        Assert.True(values.TryGetLong("after", out var after) && after is null);
        Assert.True(values.TryGetBoolean("all", out var all) && !all);
    }

    [Theory]
    [InlineData("?chat_ids=1", "chat_ids")]
    [InlineData("?Chat_id=1", "Chat_id")]
    [InlineData("?after=1&after=1", "twice")]
    [InlineData("?=1", "no parameter")]
    [InlineData("?%00=1", "no parameter")]
    [InlineData("?<script>=1", "no parameter  here")]
    public void Read_UnknownOrTwice_IsAProblem(string query, string says) => Assert.Contains(says, Reader.Read(query).Problem);

    [Theory]
    [InlineData("?after=1x&all=yes")]
    [InlineData("?after=&all=TRUE")]
    [InlineData("?after=99999999999999999999&all=2")]
    [InlineData("?after=%ff&all=%")]
    public void TryGet_WrongForm_IsFalse(string query)
    {
        var values = Reader.Read(query);
        Assert.False(values.TryGetLong("after", out _));
        Assert.False(values.TryGetBoolean("all", out _));
    }
}
