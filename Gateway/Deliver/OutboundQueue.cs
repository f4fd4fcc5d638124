using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// What waits for one connection: shared events and control frames, in order. References only. The usual case, one entry until the next
/// flush, needs no array; longer queues share pooled ones.
/// </summary>
internal struct OutboundQueue
{
    private const int FirstCapacity = 16;

    // The shared pool keeps a few dozen arrays of a size; a burst to ten thousand connections needs one for each at the same time.
    private static readonly ArrayPool<Entry> Pool = ArrayPool<Entry>.Create(Limits.Deliver.TurnEvents * 2, Limits.Deliver.PooledQueues);

    private Entry single;
    private Entry[]? entries;
    private int head;
    private int count;
    private int eventCount;
    private int eventBytes;
    private int ownCount;

    public readonly int Count => count;

    public readonly bool HasEvents => eventCount > 0;

    /// <summary>The seq of the oldest event in the queue; zero when there is none.</summary>
    public long FirstEventSeq
    {
        get
        {
            for (var i = 0; eventCount > 0 && i < count; i++)
            {
                if (At(i).Item is EncodedEvent encoded)
                {
                    return encoded.Seq;
                }
            }

            return 0;
        }
    }

    public readonly bool HasRoomFor(EncodedEvent encoded) =>
        eventCount < Limits.Deliver.QueueEvents && (eventCount == 0 || eventBytes + encoded.WeightBytes <= Limits.Deliver.QueueBytes);

    public void Add(EncodedEvent encoded, bool includeUpdate)
    {
        eventCount++;
        eventBytes += encoded.WeightBytes;
        Push(new Entry(encoded, includeUpdate, false));
    }

    /// <param name="frame">A frame the queue may keep.</param>
    /// <param name="isOwn">The session's own (pong, ping, error): it stands in no order with events that are held.</param>
    public void Add(byte[] frame, bool isOwn)
    {
        ownCount += isOwn ? 1 : 0;
        Push(new Entry(frame, false, isOwn));
    }

    /// <summary>A second subscription wants the newest event too, with the update.</summary>
    public void WidenLast()
    {
        ref var last = ref At(count - 1);
        if (last.Item is EncodedEvent)
        {
            last = last with { IncludeUpdate = true };
        }
    }

    public Entry Peek() => At(0);

    public void Pop()
    {
        ref var entry = ref At(0);
        if (entry.Item is EncodedEvent encoded)
        {
            eventCount--;
            eventBytes -= encoded.WeightBytes;
        }
        else if (entry.IsOwn)
        {
            ownCount--;
        }

        entry = default;
        head = entries is null ? 0 : (head + 1) & (entries.Length - 1);
        if (--count == 0)
        {
            Release();
        }
    }

    /// <summary>Lets all events go and keeps the control frames in order.</summary>
    public void DropEvents()
    {
        for (var left = count; left > 0; left--)
        {
            var entry = Peek();
            Pop();
            if (entry.Item is byte[] frame)
            {
                Add(frame, entry.IsOwn);
            }
        }
    }

    /// <summary>Moves the session's own frames into the buffer, from between events that are held; all else keeps its order.</summary>
    /// <returns>How many bytes they were.</returns>
    public int TakeOwn(ByteBuffer buffer)
    {
        var taken = 0;
        for (var left = ownCount == 0 ? 0 : count; left > 0; left--)
        {
            var entry = Peek();
            Pop();
            if (entry.Item is EncodedEvent encoded)
            {
                Add(encoded, entry.IncludeUpdate);
            }
            else if (!entry.IsOwn)
            {
                Push(entry);
            }
            else
            {
                var frame = (byte[])entry.Item;
                buffer.Append(frame);
                taken += frame.Length;
            }
        }

        return taken;
    }

    public void Clear()
    {
        eventCount = 0;
        eventBytes = 0;
        ownCount = 0;
        Release();
    }

    [UnscopedRef]
    private ref Entry At(int index)
    {
        if (entries is null)
        {
            return ref single;
        }

        return ref entries[(head + index) & (entries.Length - 1)];
    }

    private void Push(in Entry entry)
    {
        if (count == (entries is null ? 1 : entries.Length))
        {
            Grow();
        }

        At(count++) = entry;
    }

    private void Grow()
    {
        var larger = Pool.Rent(Math.Max(FirstCapacity, count * 2));
        for (var i = 0; i < count; i++)
        {
            larger[i] = At(i);
        }

        var kept = count;
        Release();
        entries = larger;
        count = kept;
    }

    private void Release()
    {
        if (entries is not null)
        {
            Pool.Return(entries, clearArray: true);
        }

        entries = null;
        single = default;
        head = 0;
        count = 0;
    }

    /// <param name="Item">An <see cref="EncodedEvent"/> or a control frame as <c>byte[]</c>.</param>
    internal readonly record struct Entry(object Item, bool IncludeUpdate, bool IsOwn);
}
