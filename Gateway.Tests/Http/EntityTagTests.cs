using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Http;

public sealed class EntityTagTests
{
    private static readonly string Tag = EntityTag.Of("state"u8);

    [Fact]
    public void Of_IsQuotedAndFollowsTheBytes()
    {
        Assert.Matches("^\"[A-Za-z0-9_-]{16}\"$", Tag);
        Assert.Equal(Tag, EntityTag.Of("state"u8));
        Assert.NotEqual(Tag, EntityTag.Of("state "u8));
    }

    [Theory]
    [InlineData("TAG", true, true)]
    [InlineData("\"other\", TAG", true, true)]
    [InlineData(" TAG , \"other\"", true, true)]
    [InlineData("\"a,b\",TAG", true, true)]
    [InlineData("*", true, true)]
    [InlineData("W/TAG", false, true)]
    [InlineData("\"other\", W/TAG", false, true)]
    [InlineData("\"other\"", false, false)]
    [InlineData("other, TAG", false, false)]
    [InlineData("\"", false, false)]
    [InlineData("\"open", false, false)]
    [InlineData("W/", false, false)]
    [InlineData(",, ", false, false)]
    [InlineData("", false, false)]
    public void Matches_ListOfTags_ComparesAsTheHeaderSays(string header, bool strong, bool weak)
    {
        header = header.Replace("TAG", Tag, StringComparison.Ordinal);
        Assert.Equal((strong, weak), (EntityTag.Matches(header, Tag), EntityTag.Matches(header, Tag, isWeak: true)));
        Assert.Equal(strong, EntityTag.AllowsChange(header, Tag));
    }

    [Fact]
    public void Matches_SeveralHeaderLines_AreOneList()
    {
        Assert.True(EntityTag.Matches(new(["\"other\"", Tag]), Tag));
        Assert.False(EntityTag.Matches(new(["\"other\"", "\"another\""]), Tag));
    }

    [Fact]
    public void AllowsChange_WithoutIfMatch_Does() => Assert.True(EntityTag.AllowsChange(default, Tag));

    [Fact]
    public void IsNotModified_KnownTag_Is304WithTheTag()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.IfNoneMatch = $"W/{Tag}";
        Assert.True(EntityTag.IsNotModified(new Exchange(context, default), Tag));
        Assert.Equal((304, Tag), (context.Response.StatusCode, context.Response.Headers.ETag.ToString()));

        var other = new DefaultHttpContext();
        other.Request.Headers.IfNoneMatch = "\"other\"";
        Assert.False(EntityTag.IsNotModified(new Exchange(other, default), Tag));
        Assert.Equal((200, Tag), (other.Response.StatusCode, other.Response.Headers.ETag.ToString()));
        Assert.Equal("private, no-cache", other.Response.Headers.CacheControl.ToString());
    }
}
