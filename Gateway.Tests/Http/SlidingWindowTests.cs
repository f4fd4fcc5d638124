using Gateway.Http;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Http;

/// <summary>What <c>AddressLimiterTests</c> does not show: taking back.</summary>
public sealed class SlidingWindowTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly SlidingWindow window;
    private long countedIn;

    public SlidingWindowTests() => window = new SlidingWindow(allowed: 3, TimeSpan.FromMinutes(1), keys: 10, time);

    private int Spend() => Enumerable.Range(0, 10).Count(_ => window.TryCount(1, out var _, out var at) && Remember(at));

    private bool Remember(long at)
    {
        countedIn = at;
        return true;
    }

    [Fact]
    public void Forgive_One_MakesRoomForOne()
    {
        Assert.Equal(3, Spend());
        window.Forgive(1, countedIn);
        Assert.Equal(1, Spend());
    }

    [Fact]
    public void Forgive_AfterTheWindowTurned_IsTakenFromTheOneBefore()
    {
        Assert.Equal(3, Spend());
        time.Advance(TimeSpan.FromMinutes(1));
        window.Forgive(1, countedIn);
        // Two of the window before weigh fully at its turn.
        Assert.Equal(1, Spend());
    }

    [Fact]
    public void TryCount_OverTheShare_WaitsForTheNextWindow()
    {
        time.Advance(TimeSpan.FromSeconds(15));
        Spend();
        Assert.False(window.TryCount(1, out var wait));
        Assert.Equal(TimeSpan.FromSeconds(45), wait);
    }

    /// <summary>Or whoever comes from enough addresses would wipe his count at every turn of the window.</summary>
    [Fact]
    public void TryCount_NewKeyWithoutAPlace_DoesNotTakeThatOfTheWindowBefore()
    {
        Spend();
        for (UInt128 key = 2; key <= 10; key++) Assert.True(window.TryCount(key, out _));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(window.TryCount(11, out _));
        Assert.Equal(0, Spend());
    }

    [Fact]
    public void Forgive_MoreThanWasCounted_GivesNoCredit()
    {
        Spend();
        for (var i = 0; i < 20; i++) window.Forgive(1, countedIn);
        window.Forgive(2, countedIn);
        Assert.Equal(3, Spend());
    }

    /// <summary>Regression: one that began before the turn and ended after was taken from what was counted since.</summary>
    [Fact]
    public void Forgive_OneOfTheWindowBefore_LeavesWhatWasCountedSince()
    {
        Assert.True(window.TryCount(1, out _, out var before));
        Assert.True(window.TryCount(1, out _, out _));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, Spend());

        window.Forgive(1, before);
        Assert.Equal(1, Spend());
        // The turn after, only this window's two weigh; with one of them taken back there would be room for two.
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, Spend());
    }

    [Fact]
    public void Forgive_OneThatNoLongerWeighs_TakesNothing()
    {
        Assert.True(window.TryCount(1, out _, out var old));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(3, Spend());
        window.Forgive(1, old);
        Assert.Equal(0, Spend());
    }
}
