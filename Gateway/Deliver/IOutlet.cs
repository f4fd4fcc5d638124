namespace Gateway.Deliver;

/// <summary>
/// Where a connection's bytes leave: straight to a socket, into a Kestrel stream (TLS, SSE), or into a buffer (pull). Only the
/// shard loop that owns the connection calls it, so implementations need no lock; what they do in the background ends in exactly
/// one <see cref="Connection"/> notification posted to that shard's inbox.
/// </summary>
internal interface IOutlet
{
    /// <summary>
    /// Sends whole frames. What the transport does not take at once is copied and finished in the background before anything else is
    /// written; until then the answer is <see cref="SendStatus.Pending"/> and the shard sends nothing more.
    /// The span is the shard's scratch buffer: it is not valid after the call.
    /// </summary>
    SendStatus Send(ReadOnlySpan<byte> frames);

    /// <summary>
    /// Ends the connection in order with a close code (WebSocket close frame, end of the SSE body). Called at most once. While a send is
    /// pending the code follows the remainder, and the outlet cuts a peer that does not take it in time.
    /// </summary>
    void Close(CloseCode code);

    /// <summary>Cuts the connection at once; the peer learns nothing more.</summary>
    void Abort();
}

internal enum SendStatus
{
    Sent,

    /// <summary>The rest is on its way; the outlet posts "writable" to the shard when it is out.</summary>
    Pending,

    /// <summary>The peer is gone; the outlet posts nothing more.</summary>
    Closed,
}
