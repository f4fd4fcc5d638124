using Gateway.Messages;

namespace Gateway.Log;

/// <summary>
/// The highest position this deployment has seen, per log identity: the floor of every commit. A head below it means the
/// database lost commits that consumers may hold positions of, and those numbers must not be given to other events (law L3).
/// Older identities are kept too, because a backup may be older than the last reset. Any thread may call.
/// </summary>
internal sealed class HighWater
{
    private readonly Lock gate = new();
    private readonly List<LogPosition> seen = [];
    private long version;

    public HighWater(IEnumerable<LogPosition>? seen = null)
    {
        foreach (var position in seen ?? []) Observe(position.LogId, position.Seq);
        version = 0;
    }

    /// <summary>The newest identity with its highest seq; seq 0 before anything was seen.</summary>
    public LogPosition Current
    {
        get
        {
            lock (gate) return seen.Count == 0 ? new("", 0) : seen[^1];
        }
    }

    /// <summary>The highest seq under whatever identity.</summary>
    public long HighestSeq
    {
        get
        {
            lock (gate)
            {
                long highest = 0;
                foreach (var position in seen) highest = Math.Max(highest, position.Seq);
                return highest;
            }
        }
    }

    /// <summary>Rises with every change, so that a writer knows whether there is anything to write.</summary>
    public long Version => Volatile.Read(ref version);

    public void Observe(string logId, long seq)
    {
        lock (gate)
        {
            var index = IndexOf(logId);
            if (index >= 0 && index == seen.Count - 1)
            {
                if (seen[index].Seq >= seq) return;
                seen[index] = new(logId, seq);
            }
            else
            {
                // The identity seen last stands last; one that comes again keeps the highest it ever had.
                var highest = seq;
                if (index >= 0)
                {
                    highest = Math.Max(highest, seen[index].Seq);
                    seen.RemoveAt(index);
                }

                if (seen.Count == Limits.Log.HighWaterIdentities) seen.RemoveAt(0);
                seen.Add(new(logId, highest));
            }

            version++;
        }
    }

    /// <summary>What the head must not be below if the database says it is <paramref name="logId"/>; unknown: the current one, which it cannot contradict.</summary>
    public LogPosition FloorFor(string? logId)
    {
        lock (gate)
        {
            if (seen.Count == 0) return new("", 0);
            var index = logId is null ? -1 : IndexOf(logId);
            return seen[index >= 0 ? index : ^1];
        }
    }

    public (LogPosition[] Seen, long Version) Snapshot()
    {
        lock (gate) return ([.. seen], version);
    }

    private int IndexOf(string logId)
    {
        for (var i = seen.Count - 1; i >= 0; i--)
            if (string.Equals(seen[i].LogId, logId, StringComparison.Ordinal)) return i;
        return -1;
    }
}
