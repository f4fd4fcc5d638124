namespace Gateway.Deliver.WebSocket;

/// <summary>A burst and a steady rate, without a timer. A struct, because every socket has two of them.</summary>
internal struct TokenBucket(int burst, int perSecond, long nowMs)
{
    // Thousandths of a token, so that a millisecond's refill is a whole number.
    private long level = burst * 1000L;
    private long seenMs = nowMs;

    public bool TryTake(long nowMs)
    {
        level = Math.Min(burst * 1000L, level + ((nowMs - seenMs) * perSecond));
        seenMs = nowMs;
        if (level < 1000)
        {
            return false;
        }
        level -= 1000;
        return true;
    }
}
