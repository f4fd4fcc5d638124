using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// How one transport writes events and the frames around them. Stateless and shared by all connections of the transport. A frame
/// of length zero means that the transport says nothing there.
/// </summary>
internal abstract class Framing
{
    /// <summary>The whole frame of a bare event, encoded once and shared by every subscriber: never write into it.</summary>
    public abstract byte[] Event(EncodedEvent encoded, bool includeUpdate);

    /// <summary>Appends the frame of a catch-up event, marked as the subscription's.</summary>
    public abstract void AppendReplay(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate, string subscriptionId);

    /// <summary>Appends a bare event for a lagging connection.</summary>
    public abstract void AppendEvent(ByteBuffer buffer, EncodedEvent encoded, bool includeUpdate);

    public abstract byte[] Subscribed(string subscriptionId, LogPosition position);
    public abstract byte[] Unsubscribed(string subscriptionId);
    public abstract byte[] CaughtUp(string subscriptionId, LogPosition position);
    public abstract byte[] Position(string subscriptionId, LogPosition position);
    public abstract byte[] Gap(string subscriptionId, in StreamGap gap);
    public abstract byte[] Error(RequestError error);

    /// <summary>What may be read has changed.</summary>
    public abstract byte[] Access(in AccessNotice notice);

    /// <summary>Whether events are sent by themselves, so that a key's <c>feedback</c> grants narrow them; not so where each answer is asked for.</summary>
    public virtual bool IsPush => true;

    /// <summary>The credential ends soon.</summary>
    public virtual byte[] Expiring(long seconds) => [];

    /// <summary>Written every <see cref="Limits.Deliver.PositionInterval"/> where the transport needs traffic to stay open (SSE).</summary>
    public virtual byte[] Heartbeat => [];
}

/// <summary>Why events between two positions are not delivered.</summary>
internal enum GapReason : byte
{
    Retention,
    LogReset,

    /// <summary>The stream's group became a supergroup that had events before the log knew of it.</summary>
    Migration,
}

/// <param name="BotId">The bot whose events are gone; zero: all.</param>
/// <param name="Requested">Reading was asked to go on after this seq.</param>
/// <param name="Earliest">The first seq from which nothing is missing again.</param>
/// <param name="LogId">The log that <paramref name="Earliest"/> belongs to.</param>
internal readonly record struct StreamGap(long BotId, long Requested, long Earliest, GapReason Reason, string LogId);
