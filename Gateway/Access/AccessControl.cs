using System.Collections.Concurrent;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Access;

/// <summary>
/// Answers who is asking, and keeps what they may do current. A key is verified once per process; afterwards a request pays one HMAC,
/// and the <see cref="Principal"/> it gets is the one object that the version watcher keeps up to date for all of the key's connections.
/// </summary>
/// <param name="queryEverywhere">Take credentials from the query of every request, not only of streams.</param>
internal sealed class AccessControl(
    AccessStore store, KeyRing keys, ApiKeyHasher hasher, TrackedPrincipals principals, TimeProvider time, bool queryEverywhere = false)
{
    private readonly TokenAuthentication tokens = new(store, keys, principals, time);
    private readonly ConcurrentDictionary<long, Lazy<Task<AuthenticationOutcome>>> inFlight = new();

    /// <summary>
    /// False when the grants are not known to be those of the last second: whoever delivers must hold (law L7). Reads the monotonic clock; ask once
    /// per batch of deliveries.
    /// </summary>
    public bool IsCurrent => principals.IsCurrent;

    /// <summary>Told after every change of control data; see <see cref="IControlObserver"/>. Called while the gateway is put together, never later.</summary>
    public void AddObserver(IControlObserver observer) => principals.AddObserver(observer);

    /// <param name="isStream">Streams also take the credential from the query, and tickets.</param>
    public ValueTask<AuthenticationOutcome> AuthenticateAsync(HttpRequest request, bool isStream, CancellationToken cancellation)
    {
        var credential = CredentialReader.Read(request, isStream || queryEverywhere);
        return credential.Status switch
        {
            CredentialStatus.Given => AuthenticateAsync(credential.Text!, isStream ? credential.Kinds : credential.Kinds & ~CredentialKinds.Ticket, cancellation),
            CredentialStatus.Missing => ValueTask.FromResult(new AuthenticationOutcome(AuthenticationStatus.Missing, null)),
            _ => ValueTask.FromResult(new AuthenticationOutcome(AuthenticationStatus.Conflicting, null)),
        };
    }

    /// <summary>For a credential that came another way, as a WebSocket's <c>auth</c> frame.</summary>
    public ValueTask<AuthenticationOutcome> AuthenticateAsync(string text, CancellationToken cancellation) => AuthenticateAsync(text, CredentialKinds.All, cancellation);

    /// <summary>Lets go of credentials that ended and are remembered in vain.</summary>
    public void ForgetEnded() => Verified.ForgetEnded();

    private VerifiedKeys Verified => tokens.Verified;

    private ValueTask<AuthenticationOutcome> AuthenticateAsync(string text, CredentialKinds kinds, CancellationToken cancellation)
    {
        var kind = KindOf(text);
        if ((kinds & kind) == 0 || text.Length > (kind == CredentialKinds.AccessToken ? Limits.Access.AccessTokenChars : Limits.Access.KeyTextChars))
        {
            return ValueTask.FromResult(Rejected);
        }

        var fingerprint = Verified.Fingerprint(text);
        if (Remembered(fingerprint) is { } remembered)
        {
            return ValueTask.FromResult(remembered);
        }

        return kind switch
        {
            CredentialKinds.AccessToken => new(tokens.AuthenticateTokenAsync(text, fingerprint, cancellation)),
            CredentialKinds.Ticket => new(tokens.AuthenticateTicketAsync(text, fingerprint, cancellation)),
            _ => AuthenticateKeyAsync(text, fingerprint, cancellation),
        };
    }

    private ValueTask<AuthenticationOutcome> AuthenticateKeyAsync(string text, UInt128 fingerprint, CancellationToken cancellation)
    {
        var id = ApiKeyText.ReadId(text, keys);
        if (id == 0)
        {
            AccessTelemetry.MadeUpKeys.Add(1);
            return ValueTask.FromResult(Rejected);
        }

        return new ValueTask<AuthenticationOutcome>(VerifyAsync(id, text, fingerprint, cancellation));
    }

    private static CredentialKinds KindOf(string text) =>
        AccessTokens.LooksLikeOne(text) ? CredentialKinds.AccessToken
        : text.StartsWith(OpaqueTokens.TicketPrefix, StringComparison.Ordinal) ? CredentialKinds.Ticket
        : CredentialKinds.ApiKey;

    private static AuthenticationOutcome Rejected => new(AuthenticationStatus.Rejected, null);

    private static AuthenticationOutcome Unavailable => new(AuthenticationStatus.Unavailable, null);

    private AuthenticationOutcome? Remembered(UInt128 fingerprint)
    {
        if (Verified.TryGetAccepted(fingerprint, out var principal))
        {
            // An access token ends to the millisecond, also while the watcher cannot read and so ends nothing.
            if (!principal!.IsRevoked && time.GetUtcNow().ToUnixTimeMilliseconds() < principal.ExpiresAtMs)
            {
                return new AuthenticationOutcome(AuthenticationStatus.Accepted, principal);
            }

            Verified.Forget(fingerprint);
        }

        return Verified.IsRefused(fingerprint, principals.SeenVersion) ? Rejected : null;
    }

    /// <summary>One verification per key id at a time: whoever comes meanwhile waits for its answer instead of paying for one more.</summary>
    private async Task<AuthenticationOutcome> VerifyAsync(long id, string text, UInt128 fingerprint, CancellationToken cancellation)
    {
        if (inFlight.Count >= Limits.Access.WaitingVerifications)
        {
            return Unavailable;
        }

        var mine = new Lazy<Task<AuthenticationOutcome>>(() => VerifyOnceAsync(id, text, fingerprint));
        var running = inFlight.GetOrAdd(id, mine);
        var outcome = await running.Value.WaitAsync(cancellation);
        if (ReferenceEquals(running, mine) || outcome.Status == AuthenticationStatus.Unavailable)
        {
            return outcome;
        }

        // The other text had the same id; only one can be right, and then this table knows whether it is ours.
        return Remembered(fingerprint) ?? Unavailable;
    }

    private async Task<AuthenticationOutcome> VerifyOnceAsync(long id, string text, UInt128 fingerprint)
    {
        try
        {
            return await CheckAsync(id, text, fingerprint);
        }
        finally
        {
            inFlight.TryRemove(id, out _);
        }
    }

    private async Task<AuthenticationOutcome> CheckAsync(long id, string text, UInt128 fingerprint)
    {
        // Before the read: what is refused under this version may be good under the next.
        var version = principals.SeenVersion;
        var rows = await store.ReadKeyAsync(id, CancellationToken.None);
        if (rows is null)
        {
            return Unavailable;
        }

        if (rows.Count == 0 || !rows[0].IsUsable(time.GetUtcNow().ToUnixTimeMilliseconds()) || !await hasher.VerifyAsync(text, rows[0].Hash))
        {
            AccessTelemetry.RefusedKeys.Add(1);
            Verified.Refuse(fingerprint, version);
            return Rejected;
        }

        var principal = await principals.TrackAsync(Identity.OfKey(id), long.MaxValue, CancellationToken.None);
        if (principal is null)
        {
            return Unavailable;
        }

        if (principal.IsRevoked)
        {
            return Rejected;
        }

        Verified.Accept(fingerprint, principal);
        return new AuthenticationOutcome(AuthenticationStatus.Accepted, principal);
    }
}
