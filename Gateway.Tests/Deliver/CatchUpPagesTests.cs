using Gateway.Deliver;
using Gateway.Log;
using Gateway.Messages;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Regressions of the pages themselves: what they do under the lock that all shards take, and whom they wake.</summary>
public sealed class CatchUpPagesTests
{
    private const string LogId = "log";

    // What a walk per waiting one would make minutes of.
    private const int Many = 50_000;
    private const long LinearMs = 5_000;

    private static readonly long[] ChosenChats = [1];

    private readonly CatchUpPages pages = new(new FakeTimeProvider());

    [Fact]
    public void Missed_ManyOfMany_AreSortedOutInOnePassAndAskForOnePageTogether()
    {
        var read = Asked(Ask(0));
        for (var i = 1; i < Many; i++) Assert.Null(Asked(Ask(i % Limits.Deliver.CatchUpEvents)));
        Assert.Null(pages.Reserve());

        var began = Environment.TickCount64;
        var missed = pages.Complete(read!, Page(read!, through: 100));
        Assert.InRange(Environment.TickCount64 - began, 0, LinearMs);
        Assert.Equal(Many, missed.Count + read!.Waiting.Count);
        Assert.All(read.Waiting, one => Assert.InRange(one.Query.AfterSeq, 0, 99));
        Assert.All(missed, one => Assert.InRange(one.Query.AfterSeq, 100, Limits.Deliver.CatchUpEvents - 1));

        var again = missed.Select(Asked).OfType<PageRead>().Single();
        Assert.Equal(100, again.Query.AfterSeq);
        Assert.Equal(missed.Count, again.Waiting.Count);
    }

    [Fact]
    public void Reads_ForChosenChats_AreNotWalkedByThoseWhoAsk()
    {
        var began = Environment.TickCount64;
        var reads = new List<PageRead>();
        for (var i = 0; i < Many; i++) reads.Add(Asked(Ask(0, isShared: false))!);
        foreach (var read in reads) Assert.Empty(Forgotten(read));

        Assert.InRange(Environment.TickCount64 - began, 0, LinearMs);
    }

    [Fact]
    public void Page_ThatDidNotAdvance_SendsEachToItsOwnPosition()
    {
        var read = Asked(Ask(0))!;
        foreach (var position in new[] { 5, 9 }) Assert.Null(Asked(Ask(position)));
        Assert.Null(pages.Reserve());

        Assert.Equal([5, 9], pages.Complete(read, Page(read, through: 0)).Select(one => one.StartSeq));
    }

    [Fact]
    public void Page_ThatIsKeptAndNobodyWantsAnyMore_WakesTheReaderThatWaitsForAPlace()
    {
        for (var i = 1; i < Limits.Deliver.CatchUpPages; i++) HeldPage(i);
        var gone = Ask(0);
        var read = Asked(gone)!;
        Assert.Null(pages.Reserve());
        var room = pages.Reserve()!;
        gone.CatchUp.IsCancelled = true;
        Assert.Empty(pages.Complete(read, Page(read, through: 10)));

        Assert.True(room.IsCompleted);
        Assert.Null(pages.Reserve());
    }

    [Fact]
    public void Read_Failed_OnlyThoseStillThereAskAgain()
    {
        var gone = Ask(3);
        var read = Asked(gone)!;
        var live = Ask(4);
        Assert.Null(Asked(live));
        gone.CatchUp.IsCancelled = true;

        Assert.Same(live, Assert.Single(pages.Forget(read)));
        Assert.NotNull(Asked(live));
    }

    [Fact]
    public void IsStarved_PagesThatNobodyHolds_AreNoReasonToGiveHeldOnesBack()
    {
        for (var i = 1; i < Limits.Deliver.CatchUpPages; i++) pages.Release(HeldPage(i));
        var held = HeldPage(Limits.Deliver.CatchUpPages);
        Assert.NotNull(Asked(Ask(0)));
        Assert.False(pages.IsStarved);

        for (var i = 1; i < Limits.Deliver.CatchUpPages; i++) HeldPage(1000 + i);
        Assert.False(pages.IsStarved);
        var room = pages.Reserve()!;
        Assert.True(pages.IsStarved);
        pages.Release(held);
        Assert.True(room.IsCompleted);
        Assert.False(pages.IsStarved);
    }

    /// <summary>A page of one event in a cell of its own.</summary>
    private CatchUpPage HeldPage(int cell)
    {
        var start = cell * (long)Limits.Deliver.CatchUpEvents;
        var read = Asked(Ask(start))!;
        Assert.Null(pages.Reserve());
        var page = Page(read, start + 1);
        Assert.Empty(pages.Complete(read, page));
        Assert.Equal(1, page.Holders);
        return page;
    }

    private PageRead? Asked(CatchUpRead read)
    {
        Assert.Null(pages.Ask(read, out var started));
        return started;
    }

    private List<CatchUpRead> Forgotten(PageRead read)
    {
        read.Waiting[0].CatchUp.IsCancelled = true;
        return pages.Forget(read);
    }

    private static CatchUpRead Ask(long position, bool isShared = true)
    {
        var query = new LogQuery(position) { ChatIds = isShared ? null : ChosenChats };
        return new CatchUpRead(null!, new CatchUp(null!, null, position), query, LogId, isShared, KnownStart: null);
    }

    private static CatchUpPage Page(PageRead read, long through) => new(read, new LogPage(new LogHead(LogId, 1_000_000, 0), [], through, []), 0);
}
