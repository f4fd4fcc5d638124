using Gateway.Messages;

namespace Gateway.Publish;

/// <summary>Events that came before an earlier one, kept a moment in seq order. What it has no room for is read from the log.</summary>
internal sealed class ReorderWindow
{
    private readonly SortedDictionary<long, LogEvent> events = [];
    private long bytes;

    public int Count => events.Count;

    public void Offer(LogEvent logEvent)
    {
        var hasRoom = events.Count < Limits.Publish.ReorderEvents && bytes + logEvent.Payload.Length <= Limits.Publish.ReorderBytes;
        if (hasRoom && events.TryAdd(logEvent.Seq, logEvent))
        {
            bytes += logEvent.Payload.Length;
        }
    }

    public bool TryTake(long seq, out LogEvent? logEvent)
    {
        if (!events.Remove(seq, out logEvent))
        {
            return false;
        }

        bytes -= logEvent.Payload.Length;
        return true;
    }

    /// <summary>Drops what came another way meanwhile.</summary>
    public void DropThrough(long seq)
    {
        while (FirstSeq() is var first && first <= seq)
        {
            TryTake(first, out _);
        }
    }

    public void Clear()
    {
        events.Clear();
        bytes = 0;
    }

    private long FirstSeq()
    {
        foreach (var (seq, _) in events)
        {
            return seq;
        }

        return long.MaxValue;
    }
}
