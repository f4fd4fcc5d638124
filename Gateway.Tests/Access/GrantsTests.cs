using System.Collections.Frozen;
using Gateway.Access;
using Xunit;

namespace Gateway.Tests.Access;

/// <summary>Law L7: what was made under earlier grants leaves only when the present ones close nothing of it.</summary>
public sealed class GrantsTests
{
    private static Grants New(string text) => new(
        text.Contains('A', StringComparison.Ordinal),
        text.Where(char.IsDigit).Select(digit => (long)(digit - '0')).ToFrozenSet(),
        text.Where(char.IsLower).Select(letter => (long)letter).ToFrozenSet());

    /// <summary>A is an admin, a digit a chat, a small letter a bot.</summary>
    [Theory]
    [InlineData("", "", true)]
    [InlineData("12a", "12a", true)]
    [InlineData("1", "12", true)]
    [InlineData("a", "1ab", true)]
    [InlineData("12ab", "A", true)]
    [InlineData("A", "A", true)]
    [InlineData("12", "1", false)]
    [InlineData("ab", "a", false)]
    [InlineData("1a", "1", false)]
    [InlineData("1a", "a", false)]
    [InlineData("A", "12ab", false)]
    [InlineData("A", "", false)]
    public void Covers_EarlierGrants_OnlyWhenNothingIsClosed(string earlier, string now, bool covers) =>
        Assert.Equal(covers, New(now).Covers(New(earlier)));
}
