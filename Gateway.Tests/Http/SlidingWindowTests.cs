using Gateway.Http;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Http;

/// <summary>What <c>AddressLimiterTests</c> does not show: taking back.</summary>
public sealed class SlidingWindowTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly SlidingWindow window;

    public SlidingWindowTests() => window = new SlidingWindow(allowed: 3, TimeSpan.FromMinutes(1), keys: 10, time);

    private int Spend() => Enumerable.Range(0, 10).Count(_ => window.TryCount(1, out var _));

    [Fact]
    public void Forgive_One_MakesRoomForOne()
    {
        Assert.Equal(3, Spend());
        window.Forgive(1);
        Assert.Equal(1, Spend());
    }

    [Fact]
    public void Forgive_AfterTheWindowTurned_IsTakenFromTheOneBefore()
    {
        Assert.Equal(3, Spend());
        time.Advance(TimeSpan.FromMinutes(1));
        window.Forgive(1);
        // Two of the window before weigh fully at its turn.
        Assert.Equal(1, Spend());
    }

    [Fact]
    public void Forgive_MoreThanWasCounted_GivesNoCredit()
    {
        Spend();
        for (var i = 0; i < 20; i++) window.Forgive(1);
        window.Forgive(2);
        Assert.Equal(3, Spend());
    }
}
