namespace Gateway.Access;

/// <summary>
/// Who is asking: in this version always an API key. One object per key and process, shared by all its connections, so that a
/// change of grants reaches every running stream by one assignment.
/// </summary>
internal sealed class Principal(long keyId, string name)
{
    private volatile Grants grants = Grants.None;
    private volatile bool isRevoked;
    private long expiresAtMs = long.MaxValue;

    public long KeyId { get; } = keyId;
    public string Name { get; } = name;

    /// <summary>Read at the moment an event leaves, never kept.</summary>
    public Grants Grants { get => grants; set => grants = value; }

    /// <summary>When its streams will end by themselves; <see cref="long.MaxValue"/>: never.</summary>
    public long ExpiresAtMs { get => Volatile.Read(ref expiresAtMs); set => Volatile.Write(ref expiresAtMs, value); }

    /// <summary>Revoked, expired or deleted: its streams are closed with 4001.</summary>
    public bool IsRevoked { get => isRevoked; set => isRevoked = value; }
}
