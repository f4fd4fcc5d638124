namespace Gateway.Access;

internal enum AuthenticationStatus
{
    /// <summary>The credential is good.</summary>
    Accepted,

    /// <summary>No credential was given: 401.</summary>
    Missing,

    /// <summary>The credential is known to be wrong, revoked or expired: 401, close code 4001.</summary>
    Rejected,

    /// <summary>Two different credentials in one request: 400.</summary>
    Conflicting,

    /// <summary>It cannot be checked now (database away): 503, close code 4103. Never 401.</summary>
    Unavailable,
}

internal readonly record struct AuthenticationOutcome(AuthenticationStatus Status, Principal? Principal);
