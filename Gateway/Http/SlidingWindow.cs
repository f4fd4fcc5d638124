namespace Gateway.Http;

/// <summary>
/// Counts by key over a sliding window: the count of the window before, weighted by how much of it still lies in the last window's length, plus this
/// window's. Keys are bounded; those that find no place share one count.
/// </summary>
internal sealed class SlidingWindow(int allowed, TimeSpan length, int keys, TimeProvider time)
{
    private struct Count
    {
        public long Window;
        public int Now;
        public int Before;
    }

    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, Count> counts = [];
    private readonly long lengthMs = (long)length.TotalMilliseconds;
    private Count others;

    /// <summary>Whether the key had its share already, with the time after which the next may come. Counts nothing.</summary>
    public bool IsExhausted(UInt128 key, out TimeSpan wait)
    {
        var (window, passed) = Now(out wait);
        lock (gate)
        {
            var isKnown = counts.TryGetValue(key, out var count);
            if (!isKnown && counts.Count < keys)
            {
                return false;
            }

            return !HasRoom(isKnown ? count : others, window, passed);
        }
    }

    /// <summary>Counts one; false when the key had its share, with the time after which the next may come.</summary>
    public bool TryCount(UInt128 key, out TimeSpan wait) => TryCount(key, out wait, out _);

    /// <param name="window">Where it was counted, for <see cref="Forgive"/>.</param>
    public bool TryCount(UInt128 key, out TimeSpan wait, out long window)
    {
        (window, var passed) = Now(out wait);
        lock (gate)
        {
            if (counts.TryGetValue(key, out var count))
            {
                var isCounted = Add(ref count, window, passed);
                counts[key] = count;
                return isCounted;
            }

            if (counts.Count >= keys)
            {
                Forget(window);
            }

            if (counts.Count >= keys)
            {
                return Add(ref others, window, passed);
            }

            counts[key] = new Count { Window = window, Now = 1 };
            return true;
        }
    }

    /// <summary>
    /// Takes back one that was counted: it turned out to be none of those that are bounded here. Where it was counted and nowhere else: one that began
    /// before the window turned and ended after would take away another's count.
    /// </summary>
    public void Forgive(UInt128 key, long countedIn)
    {
        var (window, _) = Now(out _);
        lock (gate)
        {
            if (!counts.TryGetValue(key, out var count))
            {
                return;
            }

            count = Slide(count, window);
            if (countedIn == window && count.Now > 0) count.Now--;
            else if (countedIn == window - 1 && count.Before > 0) count.Before--;
            counts[key] = count;
        }
    }

    private (long Window, long Passed) Now(out TimeSpan wait)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        wait = TimeSpan.FromMilliseconds(lengthMs - (now % lengthMs));
        return (now / lengthMs, now % lengthMs);
    }

    private bool Add(ref Count count, long window, long passed)
    {
        count = Slide(count, window);
        if (!HasRoom(count, window, passed))
        {
            return false;
        }

        count.Now++;
        return true;
    }

    private bool HasRoom(Count count, long window, long passed)
    {
        count = Slide(count, window);
        return count.Now + (count.Before * (lengthMs - passed) / lengthMs) < allowed;
    }

    private static Count Slide(Count count, long window) =>
        count.Window == window ? count : new Count { Window = window, Before = count.Window == window - 1 ? count.Now : 0 };

    private void Forget(long window)
    {
        foreach (var (key, count) in counts)
        {
            if (count.Window < window - 1)
            {
                counts.Remove(key);
            }
        }
    }
}
