namespace Gateway.Access;

/// <summary>What the database says of a key or of a user's session. What is not there at all was deleted.</summary>
/// <param name="ExpiresAtMs">Unix milliseconds; <see cref="long.MaxValue"/>: never.</param>
/// <param name="IsEnded">Revoked or disabled.</param>
internal sealed record PrincipalState(string Name, Permission Permissions, long ExpiresAtMs, bool IsEnded, Grants Grants)
{
    /// <summary>A key's own limit; null: as everybody.</summary>
    public int? RatePerSecond { get; init; }

    public int? RateBurst { get; init; }

    public bool IsUsable(long nowMs) => !IsEnded && nowMs < ExpiresAtMs;
}
