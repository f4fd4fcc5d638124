using System.Collections.Concurrent;
using Gateway.Messages;

namespace Gateway.Access;

/// <summary>
/// Access tokens and tickets. A token's signature says who it was made for; whether session and user still are is read from the database once per
/// token, and kept current by the version watcher from then on.
/// </summary>
internal sealed class TokenAuthentication(AccessStore store, KeyRing keys, TrackedPrincipals principals, TimeProvider time)
{
    private readonly AccessTokens accessTokens = new(keys, time);
    private readonly OpaqueTokens opaqueTokens = new(keys);
    private readonly ConcurrentDictionary<UInt128, Lazy<Task<AuthenticationOutcome>>> inFlight = new();

    /// <summary>Every credential that was looked at in this process, keys too: one table, one bound.</summary>
    public VerifiedKeys Verified { get; } = new();

    /// <summary>For a token that is not remembered. A page's first requests come together: they share one look at the database.</summary>
    public async Task<AuthenticationOutcome> AuthenticateTokenAsync(string text, UInt128 fingerprint, CancellationToken cancellation)
    {
        if (await accessTokens.ReadAsync(text) is not { } claims)
        {
            AccessTelemetry.RefusedTokens.Add(1);
            return Rejected;
        }

        if (inFlight.Count >= Limits.Access.WaitingVerifications)
        {
            return Unavailable;
        }

        var mine = new Lazy<Task<AuthenticationOutcome>>(() => LoadOnceAsync(claims, fingerprint));
        return await inFlight.GetOrAdd(fingerprint, mine).Value.WaitAsync(cancellation);
    }

    /// <summary>Uses the ticket up, whatever comes after.</summary>
    public async Task<AuthenticationOutcome> AuthenticateTicketAsync(string text, UInt128 fingerprint, CancellationToken cancellation)
    {
        if (!opaqueTokens.IsOurs(OpaqueTokens.TicketPrefix, text))
        {
            AccessTelemetry.RefusedTokens.Add(1);
            return Rejected;
        }

        var rows = await store.TakeTicketAsync(OpaqueTokens.Hash(text), time.GetUtcNow().ToUnixTimeMilliseconds(), cancellation);
        if (rows is null)
        {
            return Unavailable;
        }

        if (rows is not [var ticket])
        {
            AccessTelemetry.RefusedTokens.Add(1);
            // It never becomes good again: whoever repeats a used one does not reach the database with it.
            Verified.Refuse(fingerprint, principals.SeenVersion);
            return Rejected;
        }

        var identity = ticket.Principal.Kind == PrincipalKind.ApiKey ? Identity.OfKey(ticket.Principal.Id) : new Identity(ticket.Principal, ticket.SessionId, fingerprint);
        return await TrackAsync(identity, ticket.Principal.Kind == PrincipalKind.ApiKey ? long.MaxValue : ticket.EndsAtMs);
    }

    private static AuthenticationOutcome Rejected => new(AuthenticationStatus.Rejected, null);

    private static AuthenticationOutcome Unavailable => new(AuthenticationStatus.Unavailable, null);

    private async Task<AuthenticationOutcome> LoadOnceAsync(AccessTokenClaims claims, UInt128 fingerprint)
    {
        try
        {
            // Before the read: what is refused under this version may be good under the next.
            var version = principals.SeenVersion;
            var outcome = await TrackAsync(new Identity(PrincipalId.User(claims.UserId), claims.SessionId, fingerprint), claims.ExpiresAtMs);
            if (outcome.Principal is not null)
            {
                Verified.Accept(fingerprint, outcome.Principal);
            }
            else if (outcome.Status == AuthenticationStatus.Rejected)
            {
                AccessTelemetry.RefusedTokens.Add(1);
                Verified.Refuse(fingerprint, version);
            }

            return outcome;
        }
        finally
        {
            inFlight.TryRemove(fingerprint, out _);
        }
    }

    private async Task<AuthenticationOutcome> TrackAsync(Identity identity, long endsAtMs)
    {
        var principal = await principals.TrackAsync(identity, endsAtMs, CancellationToken.None);
        return principal is null ? Unavailable : principal.IsRevoked ? Rejected : new AuthenticationOutcome(AuthenticationStatus.Accepted, principal);
    }
}
