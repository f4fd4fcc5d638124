namespace Gateway.Access;

/// <summary>
/// The token bucket of one principal, shared by all its calls on every transport. Kept as one number, the moment at which it will be full again
/// (the generic cell rate algorithm, ITU-T I.371): a full bucket is a moment in the past, each call moves it by one interval, and a call that
/// would move it further than the burst away is refused. So there is no timer and no lock, and a decision allocates nothing.
/// </summary>
internal sealed class RateBudget(TimeProvider time, RateLimit limit)
{
    // Counted from here: the clock's own numbers are too large for the floating point that the conversion to ticks goes through.
    private readonly long origin = time.GetTimestamp();
    private volatile Rule rule = new(limit);
    private long fullAtTicks;

    public RateLimit Limit => rule.Limit;

    /// <summary>Takes effect with the next call; a budget whose limit changed begins full.</summary>
    public void SetLimit(RateLimit changed)
    {
        if (rule.Limit == changed)
        {
            return;
        }

        rule = new Rule(changed);
        Interlocked.Exchange(ref fullAtTicks, 0);
    }

    /// <summary>Takes one call, or says when to come again.</summary>
    public RateDecision TryTake()
    {
        var current = rule;
        var now = time.GetElapsedTime(origin).Ticks;
        while (true)
        {
            var fullAt = Volatile.Read(ref fullAtTicks);
            var debt = Math.Max(fullAt - now, 0);
            var after = debt + current.IntervalTicks;
            if (after > current.BurstTicks)
            {
                return current.Decide(false, debt, after - current.BurstTicks);
            }

            if (Interlocked.CompareExchange(ref fullAtTicks, now + after, fullAt) == fullAt)
            {
                return current.Decide(true, after, 0);
            }
        }
    }

    private sealed class Rule(RateLimit limit)
    {
        public readonly RateLimit Limit = limit;

        // Up to 10,000 a second to a thousandth; at the most that a key may have, 100,000 a second, to a hundredth.
        public readonly long IntervalTicks = TimeSpan.TicksPerSecond / limit.PerSecond;

        public readonly long BurstTicks = TimeSpan.TicksPerSecond / limit.PerSecond * limit.Burst;

        public RateDecision Decide(bool isAllowed, long debtTicks, long waitTicks) =>
            new(isAllowed, Limit.Burst, (int)((BurstTicks - debtTicks) / IntervalTicks), new TimeSpan(debtTicks), new TimeSpan(waitTicks));
    }
}
