namespace Gateway.Deliver;

/// <summary>Times as the API writes them, without the detour over strings.</summary>
internal static class Rfc3339
{
    /// <summary>The last second of the year 9999.</summary>
    public const long MaxSeconds = 253_402_300_799;

    /// <summary>Date and time up to the seconds; the caller adds fraction and zone.</summary>
    public static void Append(ByteBuffer buffer, long unixSeconds)
    {
        var moment = DateTime.UnixEpoch.AddSeconds(unixSeconds);
        moment.TryFormat(buffer.Free(Length), out var written, "yyyy-MM-ddTHH:mm:ss");
        buffer.Advance(written);
    }

    private const int Length = 19;
}
