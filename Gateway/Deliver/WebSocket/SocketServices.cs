using System.Globalization;
using System.Net;
using Gateway.Access;
using Microsoft.Extensions.Logging;

namespace Gateway.Deliver.WebSocket;

/// <summary>What all sockets share, so that each holds one reference instead of nine.</summary>
/// <param name="denials">Where refusals are noted; null: nowhere.</param>
internal sealed class SocketServices(
    Hub hub, AccessControl access, Framing framing, SessionWheel wheel, SocketCensus census, TimeProvider time, ILogger logger,
    RateLimiter limiter, AuditDenials? denials = null)
{
    public Hub Hub { get; } = hub;
    public AccessControl Access { get; } = access;
    public Framing Framing { get; } = framing;
    public SessionWheel Wheel { get; } = wheel;
    public SocketCensus Census { get; } = census;
    public TimeProvider Time { get; } = time;
    public ILogger Logger { get; } = logger;
    public RateLimiter Limiter { get; } = limiter;

    /// <summary>As the access gate does for all other routes: who it was, or, of a wrong credential, only from where.</summary>
    public void NoteDenial(CredentialRefusal refusal, Principal? principal, IPAddress? from, string? requestId)
    {
        if (ReferenceEquals(refusal, CredentialRefusal.Forbidden))
        {
            denials?.Note(Callers.ActorOf(principal, from, requestId), SocketEndpoint.Name, "permission", PermissionNames.Of(Permission.EventsRead));
        }
        else if (!ReferenceEquals(refusal, CredentialRefusal.Unavailable))
        {
            denials?.Note(Callers.ActorOf(null, from, requestId), AuditDenials.Credential, "route", SocketEndpoint.Name);
        }
    }

    /// <summary>A subscription to what is there and may not be seen; as the access gate does for all other routes.</summary>
    public void NoteHidden(RequestError refusal, Principal principal, IPAddress? from)
    {
        if (refusal.Hidden is { } hidden)
        {
            denials?.Note(Callers.ActorOf(principal, from, requestId: null), SocketEndpoint.Name, hidden.Type, hidden.Id.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Monotonic milliseconds.</summary>
    public long NowMs => (long)Time.GetElapsedTime(0).TotalMilliseconds;
}
