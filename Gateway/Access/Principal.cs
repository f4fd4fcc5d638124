namespace Gateway.Access;

/// <summary>
/// Who is asking: an API key or a user. One object per key and process, shared by all its connections, so that a change of grants reaches every
/// running stream by one assignment; a user has one per access token, which ends at its own time.
/// </summary>
/// <param name="id">Whose rights these are.</param>
/// <param name="name">For people: logs and the audit log.</param>
/// <param name="sessionId">The login an access token belongs to; zero for keys.</param>
internal sealed class Principal(PrincipalId id, string name, long sessionId = 0)
{
    private volatile Grants grants = Grants.None;
    private volatile uint permissions;
    private volatile string name = name;
    private volatile bool isRevoked;
    private volatile bool isTokenExpired;
    private long expiresAtMs = long.MaxValue;
    private long notedUseMs;

    public PrincipalId Id { get; } = id;
    public string Name { get => name; set => name = value; }
    public long SessionId { get; } = sessionId;

    /// <summary>Read at the moment an event leaves, never kept.</summary>
    public Grants Grants { get => grants; set => grants = value; }

    /// <summary>What it may call; read at every call.</summary>
    public Permission Permissions { get => (Permission)permissions; set => permissions = (uint)value; }

    /// <summary>When its streams will end by themselves, Unix milliseconds; <see cref="long.MaxValue"/>: never.</summary>
    public long ExpiresAtMs { get => Volatile.Read(ref expiresAtMs); set => Volatile.Write(ref expiresAtMs, value); }

    /// <summary>Revoked, expired or deleted: its streams are closed.</summary>
    public bool IsRevoked { get => isRevoked; set => isRevoked = value; }

    /// <summary>It ended because its access token did, and not its rights: its streams are closed with 4102, and a new token opens them again.</summary>
    public bool IsTokenExpired { get => isTokenExpired; set => isTokenExpired = value; }

    /// <summary>What its calls take from, on every transport; one for all its objects. Null: nobody counts (only where there are no requests).</summary>
    public RateBudget? Budget { get; init; }

    /// <summary>When <see cref="RateLimiter"/> last noted its use, Unix milliseconds.</summary>
    public long NotedUseMs { get => Volatile.Read(ref notedUseMs); set => Volatile.Write(ref notedUseMs, value); }

    public bool Has(Permission needed) => ((Permission)permissions & needed) == needed;
}
