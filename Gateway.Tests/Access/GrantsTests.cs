using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Tests.Support;
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

    private static Grants OfThreads(string chats, params (long Chat, long Thread, ChatRights Rights)[] threads) =>
        new(false, New(chats).Chats, New(chats).Bots) { Threads = threads.ToFrozenDictionary(one => (one.Chat, one.Thread), one => one.Rights) };

    [Fact]
    public void Thread_LetsItsOwnEventsThrough_AndNothingElseOfTheChat()
    {
        var grants = OfThreads("2", (1, 5, ChatRights.Read), (1, 6, ChatRights.Send), (3, 5, ChatRights.Send));

        Assert.True(grants.CanRead(botId: 9, chatId: 1, threadId: 5));
        Assert.False(grants.CanRead(9, 1, 6));
        Assert.False(grants.CanRead(9, 1, 0));
        Assert.False(grants.CanRead(9, 1));
        Assert.True(grants.CanRead(9, 2, 6));
        Assert.False(grants.CanRead(9, 3, 5));
        Assert.True(grants.CanReadSome(9, 1));
        Assert.True(grants.CanReadSome(9, 2));
        Assert.False(grants.CanReadSome(9, 3));
        Assert.Equal([1, 2], grants.ReadableChats.Order());
        Assert.Equal([2], grants.ReadChats);
    }

    [Theory]
    [InlineData("12a", "12a", true)]
    [InlineData("A", "A", true)]
    [InlineData("12a", "12", false)]
    [InlineData("12", "13", false)]
    [InlineData("1", "A1", false)]
    public void IsSameAs_OnlyWhenTheySayTheSame(string one, string other, bool same)
    {
        Assert.Equal(same, New(one).IsSameAs(New(other)));
        Assert.Equal(same, New(other).IsSameAs(New(one)));
    }

    [Fact]
    public void IsSameAs_LooksAtThreadsRightsFeedbackAndBotsToo()
    {
        var plain = OfThreads("1");
        Assert.True(OfThreads("1", (1, 5, ChatRights.Read)).IsSameAs(OfThreads("1", (1, 5, ChatRights.Read))));
        Assert.False(OfThreads("1", (1, 5, ChatRights.Read)).IsSameAs(OfThreads("1", (1, 5, ChatRights.All))));
        Assert.False(plain.IsSameAs(new Grants(false, plain.Chats, plain.Bots) { Threads = plain.Threads, Feedback = [1] }));
        Assert.False(plain.IsSameAs(new Grants(false, plain.Chats, plain.Bots) { Threads = plain.Threads, BotOfChat = new Dictionary<long, long> { [1] = 2 }.ToFrozenDictionary() }));
        Assert.False(plain.IsSameAs(New("1")));
    }

    /// <summary>Asked for every event and subscriber.</summary>
    [Fact]
    public void Decision_AllocatesNothing()
    {
        var grants = OfThreads("123ab", (4, 5, ChatRights.Read), (4, 6, ChatRights.Read));
        var readable = 0;
        Assert.Equal(0, Allocated.LeastBytes(Ask));
        Assert.True(readable > 0);

        void Ask()
        {
            for (var i = 0; i < 10_000; i++)
            {
                readable += grants.CanRead(9, i % 8, i % 4 + 3) ? 1 : 0;
            }
        }
    }
}
