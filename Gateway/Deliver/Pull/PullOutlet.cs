using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Deliver.Pull;

/// <summary>
/// Collects one answer. It pauses the shard for good once the answer is full, so that nothing is read for nobody; the handler then
/// lets the connection go.
/// </summary>
internal sealed class PullOutlet(int limit, long afterSeq) : IOutlet
{
    private readonly Lock gate = new();
    private readonly ByteBuffer events = new(4096);
    private readonly ByteBuffer gaps = new(64);
    private readonly TaskCompletionSource caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource filled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Connection? connection;
    private int count;
    private long nextAfter = afterSeq;
    private bool isFull;
    private bool isLive;

    /// <summary>The end of the log as it was, or a full answer: a pull that does not wait is complete.</summary>
    public Task CaughtUp => caughtUp.Task;

    /// <summary>There is something to answer: a waiting pull is complete.</summary>
    public Task Filled => filled.Task;

    /// <summary>The grants that let the first event in; null while there is none. Any change makes another object.</summary>
    public Grants? CollectedUnder { get; private set; }

    /// <summary>Later events were let in by others: what was collected is known by no one of them.</summary>
    public bool IsMixed { get; private set; }

    public bool HasAnything
    {
        get
        {
            lock (gate)
            {
                return count > 0 || gaps.Length > 0;
            }
        }
    }

    public int Bytes => events.Length + gaps.Length;

    /// <summary>Before the first subscribe.</summary>
    public void Attach(Connection opened) => connection = opened;

    public SendStatus Send(ReadOnlySpan<byte> frames)
    {
        lock (gate)
        {
            while (!frames.IsEmpty && !isFull)
            {
                var (kind, seq, jsonBytes) = PullFraming.ReadHeader(frames);
                Take(kind, seq, frames.Slice(PullFraming.HeaderBytes, jsonBytes));
                frames = frames[(PullFraming.HeaderBytes + jsonBytes)..];
            }

            if (isLive || isFull)
            {
                caughtUp.TrySetResult();
                if (count > 0 || gaps.Length > 0)
                {
                    filled.TrySetResult();
                }
            }

            return isFull ? SendStatus.Pending : SendStatus.Sent;
        }
    }

    public void Close(CloseCode code)
    {
        // The handler sees the connection complete with the code and answers with what there is.
    }

    public void Abort()
    {
        // As for Close: there is no socket of its own to cut.
    }

    public void Write(ByteBuffer buffer, string logId)
    {
        lock (gate)
        {
            isFull = true;
            buffer.Append("{\"log_id\":"u8);
            ControlFrames.AppendString(buffer, logId);
            buffer.Append(",\"events\":["u8);
            buffer.Append(events.Written);
            buffer.Append("],\"next_after\":"u8);
            buffer.Append(nextAfter);
            buffer.Append(",\"gaps\":["u8);
            buffer.Append(gaps.Written);
            buffer.Append("]}"u8);
        }
    }

    /// <summary>Ends collecting at this position, unless the answer is full already and ends before it.</summary>
    public void EndAt(long seq)
    {
        lock (gate)
        {
            if (!isFull)
            {
                nextAfter = Math.Max(nextAfter, seq);
                isFull = true;
            }
        }
    }

    private void Take(PullRecord kind, long seq, ReadOnlySpan<byte> text)
    {
        switch (kind)
        {
            case PullRecord.Event:
                // As the shard noted them before it looked: those of this moment may have shrunk since, and would seem to have let it in.
                var letOutUnder = connection!.SentUnder;
                CollectedUnder ??= letOutUnder;
                IsMixed |= !ReferenceEquals(CollectedUnder, letOutUnder);
                Add(events, text);
                nextAfter = Math.Max(nextAfter, seq);
                isFull = ++count >= limit || events.Length >= Limits.Deliver.PullBytes;
                break;
            case PullRecord.Gap:
                Add(gaps, text);
                break;
            default:
                nextAfter = Math.Max(nextAfter, seq);
                isLive = true;
                break;
        }
    }

    private static void Add(ByteBuffer list, ReadOnlySpan<byte> text)
    {
        if (list.Length > 0)
        {
            list.Append((byte)',');
        }

        list.Append(text);
    }
}
