using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Which access frames a change of grants makes for which subscriptions.</summary>
public sealed class AccessChangeTests
{
    // Chats 10 and 11 are of bot 1, chat 20 of bot 2.
    private static readonly FrozenDictionary<long, long> BotOfChat = new Dictionary<long, long> { [10] = 1, [11] = 1, [20] = 2 }.ToFrozenDictionary();

    private static Grants Of(long[] chats, long[] bots, (long, long)[]? threads = null) => new(false, chats.ToFrozenSet(), bots.ToFrozenSet())
    {
        BotOfChat = BotOfChat,
        Threads = threads?.ToFrozenDictionary(thread => thread, _ => ChatRights.Read),
    };

    private static string[] Notices(Grants before, Grants after, Selector selector, params long[] moved) =>
        [.. new AccessChange(before, after).NoticesFor(new Subscription(null!, "a", selector, default, null, false), moved).Select(Text)];

    private static string Text(AccessNotice notice) =>
        notice.IsEverything ? "all" : $"{notice.BotId}/{notice.ChatId}/{notice.ThreadId} {(notice.CanRead ? '+' : '-')}";

    private static Selector OfChats(params (long Chat, long Bot)[] chats) => new(false, chats.ToDictionary(chat => chat.Chat, chat => chat.Bot), []);

    private static Selector OfBots(params long[] bots) => new(false, [], [.. bots]);

    [Fact]
    public void Chat_LostAndGained_IsToldToWhomItConcerns()
    {
        var (before, after) = (Of([10], []), Of([20], []));
        Assert.Equal(["0/10/0 -", "0/20/0 +"], Notices(before, after, Selector.All));
        Assert.Equal(["0/10/0 -"], Notices(before, after, OfChats((10, 1))));
        Assert.Empty(Notices(before, after, OfChats((11, 1))));
        Assert.Equal(["0/20/0 +"], Notices(before, after, OfBots(2)));
    }

    [Fact]
    public void Chat_ThatItsBotStillCovers_IsNotLost()
    {
        var (before, after) = (Of([10, 20], [1]), Of([20], [1]));
        Assert.Empty(Notices(before, after, Selector.All));
        Assert.Empty(Notices(before, after, OfChats((10, 1))));
        Assert.Empty(Notices(Of([20], [1]), Of([10, 20], [1]), Selector.All));
    }

    [Fact]
    public void Bot_LostAndGained_SpeaksOfAllItsChats()
    {
        Assert.Equal(["1/0/0 -"], Notices(Of([], [1]), Of([], []), Selector.All));
        Assert.Equal(["1/0/0 -", "0/10/0 +"], Notices(Of([10], [1]), Of([10], []), Selector.All));
        Assert.Equal(["1/0/0 -"], Notices(Of([10], [1]), Of([], []), Selector.All));
        Assert.Equal(["1/0/0 +"], Notices(Of([10], []), Of([10], [1]), Selector.All));
        Assert.Equal(["1/0/0 +"], Notices(Of([10], []), Of([], [1]), OfBots(1)));
        Assert.Equal(["0/11/0 -"], Notices(Of([10], [1]), Of([10], []), OfChats((10, 1), (11, 1))));
        Assert.Empty(Notices(Of([], [1]), Of([], []), OfBots(2)));
    }

    [Fact]
    public void Thread_IsToldWhereItsChatDoesNotSayIt()
    {
        Assert.Equal(["0/10/5 +"], Notices(Of([], []), Of([], [], [(10, 5)]), Selector.All));
        Assert.Equal(["0/10/5 -"], Notices(Of([], [], [(10, 5)]), Of([], []), OfChats((10, 1))));
        Assert.Empty(Notices(Of([], [], [(10, 5)]), Of([], []), OfChats((11, 1))));
        Assert.Equal(["0/10/0 -", "0/10/5 +"], Notices(Of([10], []), Of([], [], [(10, 5)]), Selector.All));
        Assert.Equal(["0/10/0 +"], Notices(Of([], [], [(10, 5)]), Of([10], []), Selector.All));
        Assert.Empty(Notices(Of([10], [], [(10, 5)]), Of([10], []), Selector.All));
    }

    [Fact]
    public void Admin_MadeOrUnmade_IsOneFrame()
    {
        Assert.Equal(["all"], Notices(Grants.Admin, Of([10], []), Selector.All));
        Assert.Equal(["all"], Notices(Of([10], []), Grants.Admin, OfBots(1)));
        Assert.Equal(["0/11/0 +"], Notices(Of([10], []), Grants.Admin, OfChats((10, 1), (11, 1))));
    }

    [Fact]
    public void AccessFrames_OneMoreThanTheBound_BecomeOne()
    {
        long[] some = [.. HubHarness.Seqs(100, 99 + Limits.Deliver.AccessFrames)];
        Assert.Equal(Limits.Deliver.AccessFrames, Notices(Of([], []), Of(some, []), Selector.All).Length);
        Assert.Equal(["all"], Notices(Of([], []), Of([.. some, 99], []), Selector.All));
        Assert.Equal(["0/99/0 +"], Notices(Of([], []), Of([.. some, 99], []), OfChats((99, 1))));
        Assert.Equal(["all"], Notices(Of([], []), Of([.. some, 99], []), OfChats([.. some.Append(99).Select(chat => (chat, 1L))])));
    }

    [Fact]
    public void Supergroup_ThatGoesOnFromAGroup_IsToldByItsOwnEvent()
    {
        Assert.Empty(Notices(Of([10], []), Of([10, 20], []), Selector.All, moved: 20));
        Assert.Equal(["0/20/0 -"], Notices(Of([10, 20], []), Of([10], []), Selector.All, moved: 20));
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData(10L, 10L, false)]
    [InlineData(10L, 20L, true)]
    [InlineData(10L, null, true)]
    [InlineData(null, 10L, true)]
    public void Feedback_ThatDiffers_MayAddEvents(long? before, long? after, bool expected)
    {
        var change = new AccessChange(Of([10, 20], []).With(Feedback(before)), Of([10, 20], []).With(Feedback(after)));
        Assert.Equal(expected, change.AddsEvents);
        static long[]? Feedback(long? chat) => chat is { } one ? [one] : null;
    }
}
