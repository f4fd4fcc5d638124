namespace Gateway.Access;

/// <summary>
/// What control data was read from: the version counts its changes, and the log's head says whether this is still the same course of events.
/// A database restored from a copy may come to the same version by another way.
/// </summary>
internal readonly record struct ControlStamp(long Version, string LogId, long HeadSeq)
{
    /// <summary>Whether what was loaded under the earlier stamp holds under this one. The head moves with every event, and only ever forward.</summary>
    public bool Holds(in ControlStamp earlier) => Version == earlier.Version && LogId == earlier.LogId && HeadSeq >= earlier.HeadSeq;
}
