using System.Net;
using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>
/// Counts wrong secrets per address over a sliding window: the count of the window before, weighted by how much of it still lies in the last
/// minute, plus this window's. Addresses are bounded; those that find no place share one count. Only failures come here, so
/// a proxy that all requests come through cannot be locked out of a valid secret.
/// </summary>
internal sealed class AddressLimiter(TimeProvider time)
{
    private struct Count
    {
        public long Window;
        public int Now;
        public int Before;
    }

    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, Count> counts = [];
    private Count others;

    /// <summary>Whether the address had its share already, with the time after which the next may be looked at. Counts nothing.</summary>
    public bool IsExhausted(IPAddress? address, out TimeSpan wait)
    {
        var (window, passed, length) = Now(out wait);
        lock (gate)
        {
            var isKnown = counts.TryGetValue(AddressKey.Of(address), out var count);
            if (!isKnown && counts.Count < Limits.Ingest.WrongSecretAddresses)
            {
                return false;
            }

            return !HasRoom(isKnown ? count : others, window, passed, length);
        }
    }

    /// <summary>Counts one failure; false when the address had its share, with the time after which the next may be looked at.</summary>
    public bool TryCount(IPAddress? address, out TimeSpan wait)
    {
        var (window, passed, length) = Now(out wait);
        lock (gate)
        {
            var key = AddressKey.Of(address);
            if (counts.TryGetValue(key, out var count))
            {
                var allowed = Add(ref count, window, passed, length);
                counts[key] = count;
                return allowed;
            }

            if (counts.Count >= Limits.Ingest.WrongSecretAddresses)
            {
                Forget(window);
            }

            if (counts.Count >= Limits.Ingest.WrongSecretAddresses)
            {
                return Add(ref others, window, passed, length);
            }

            counts[key] = new Count { Window = window, Now = 1 };
            return true;
        }
    }

    private (long Window, long Passed, long Length) Now(out TimeSpan wait)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var length = (long)Limits.Ingest.WrongSecretWindow.TotalMilliseconds;
        wait = TimeSpan.FromMilliseconds(length - (now % length));
        return (now / length, now % length, length);
    }

    private static bool Add(ref Count count, long window, long passed, long length)
    {
        count = Slide(count, window);
        if (!HasRoom(count, window, passed, length))
        {
            return false;
        }

        count.Now++;
        return true;
    }

    private static bool HasRoom(Count count, long window, long passed, long length)
    {
        count = Slide(count, window);
        return count.Now + (count.Before * (length - passed) / length) < Limits.Ingest.WrongSecrets;
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
