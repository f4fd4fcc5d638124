using Gateway.Deliver;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class RecentEventsTests
{
    private static EncodedEvent Event(long seq, int bytes = 10, string logId = "a") => new(new LogEvent(logId, seq, 1, "poll", new byte[bytes], default));

    [Fact]
    public void Ring_Full_KeepsTheNewest()
    {
        var ring = new RecentEvents(capacity: 4, maxBytes: long.MaxValue);
        for (var seq = 1; seq <= 6; seq++) ring.Add(Event(seq));

        Assert.Null(ring.Find("a", 2));
        Assert.Equal(3, ring.Find("a", 3)!.Seq);
        Assert.Equal(6, ring.Find("a", 6)!.Seq);
        Assert.Null(ring.Find("a", 7));
        Assert.Null(ring.Find("b", 6));
    }

    [Fact]
    public void Ring_OverItsBytes_LetsTheOldestGoButNeverTheNewest()
    {
        var ring = new RecentEvents(capacity: 64, maxBytes: 3 * Event(1).WeightBytes);
        for (var seq = 1; seq <= 5; seq++) ring.Add(Event(seq));
        Assert.Null(ring.Find("a", 2));
        Assert.NotNull(ring.Find("a", 3));

        ring.Add(Event(6, bytes: 1_000_000));
        Assert.Null(ring.Find("a", 5));
        Assert.NotNull(ring.Find("a", 6));
    }

    [Fact]
    public void Ring_NumbersJump_StartsAnew()
    {
        var ring = new RecentEvents(capacity: 8, maxBytes: long.MaxValue);
        ring.Add(Event(1));
        ring.Add(Event(1_000_001));

        Assert.Null(ring.Find("a", 1));
        Assert.NotNull(ring.Find("a", 1_000_001));
    }
}
