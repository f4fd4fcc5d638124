using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>Bounds the bytes of bodies being read at one time; what was read is bounded by the commit queue.</summary>
internal sealed class Admission
{
    private long bytes;

    /// <summary>Reserves what a body may take: its length, or the most that is allowed where the length is not told.</summary>
    public bool TryEnter(long reserved)
    {
        if (Interlocked.Add(ref bytes, reserved) <= Limits.Ingest.ArrivingBytes)
        {
            return true;
        }

        Leave(reserved);
        return false;
    }

    public void Leave(long reserved) => Interlocked.Add(ref bytes, -reserved);
}
