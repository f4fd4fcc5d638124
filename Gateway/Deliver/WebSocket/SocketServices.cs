using Gateway.Access;
using Microsoft.Extensions.Logging;

namespace Gateway.Deliver.WebSocket;

/// <summary>What all sockets share, so that each holds one reference instead of eight.</summary>
internal sealed class SocketServices(
    Hub hub, AccessControl access, Framing framing, SessionWheel wheel, SocketCensus census, TimeProvider time, ILogger logger,
    RateLimiter limiter)
{
    public Hub Hub { get; } = hub;
    public AccessControl Access { get; } = access;
    public Framing Framing { get; } = framing;
    public SessionWheel Wheel { get; } = wheel;
    public SocketCensus Census { get; } = census;
    public TimeProvider Time { get; } = time;
    public ILogger Logger { get; } = logger;
    public RateLimiter Limiter { get; } = limiter;

    /// <summary>Monotonic milliseconds.</summary>
    public long NowMs => (long)Time.GetElapsedTime(0).TotalMilliseconds;
}
