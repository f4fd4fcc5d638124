using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// A log event with the frames made of it: encoded once per form and framing, at first use, and shared by all subscribers of this
/// process. Two shards may encode the same frame at the same time; either result is right and one of them is kept.
/// </summary>
/// <param name="keepsFrames">False where one reader only will want it: its frames are made in place and not kept.</param>
internal sealed class EncodedEvent(LogEvent logEvent, bool keepsFrames = true)
{
    // Indexed by form: 0 compact, 1 with the update.
    private byte[]? compactWebSocket;
    private byte[]? updateWebSocket;
    private byte[]? compactSse;
    private byte[]? updateSse;

    public LogEvent Event { get; } = logEvent;

    public long Seq => Event.Seq;

    public bool KeepsFrames { get; } = keepsFrames;

    public ref byte[]? WebSocketFrame(bool includeUpdate) => ref includeUpdate ? ref updateWebSocket : ref compactWebSocket;

    public ref byte[]? SseBlock(bool includeUpdate) => ref includeUpdate ? ref updateSse : ref compactSse;

    /// <summary>What the event weighs in a bounded queue or ring: its payload, one encoding of about the same size, and the objects.</summary>
    public int WeightBytes => (2 * Event.Payload.Length) + ObjectBytes;

    // LogEvent with UpdateFacts is near 500 bytes, this object 64, a compact event without text about 450.
    private const int ObjectBytes = 1024;
}
