using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// The newest events of the log, shared by all shards: catch-up reads here before it asks the database. One writer (the bus reader's
/// loop), any number of readers without a lock: a slot is replaced whole, and a reader checks that it holds the seq it wanted.
/// </summary>
internal sealed class RecentEvents(int capacity, long maxBytes)
{
    private readonly EncodedEvent?[] slots = new EncodedEvent?[capacity];
    private readonly int mask = capacity - 1;
    private long oldest;
    private long next;
    private long bytes;

    public RecentEvents()
        : this(Limits.Deliver.RecentEvents, Limits.Deliver.RecentBytes)
    {
    }

    /// <summary>The event, if the ring still has it under this log identity.</summary>
    public EncodedEvent? Find(string logId, long seq)
    {
        var found = Volatile.Read(ref slots[seq & mask]);
        return found is not null && found.Seq == seq && (ReferenceEquals(found.Event.LogId, logId) || found.Event.LogId == logId) ? found : null;
    }

    public void Add(EncodedEvent encoded)
    {
        if (encoded.Seq != next)
        {
            // A jump (new log identity, a page with a retention hole): what came before cannot be walked from here.
            Clear();
            oldest = encoded.Seq;
        }

        next = encoded.Seq + 1;
        bytes += encoded.WeightBytes;
        while (oldest < encoded.Seq && (encoded.Seq - oldest >= capacity || bytes > maxBytes))
        {
            Evict(oldest++);
        }

        Volatile.Write(ref slots[encoded.Seq & mask], encoded);
    }

    public void Clear()
    {
        while (oldest < next)
        {
            Evict(oldest++);
        }
    }

    private void Evict(long seq)
    {
        ref var slot = ref slots[seq & mask];
        bytes -= slot!.WeightBytes;
        Volatile.Write(ref slot, null);
    }
}
