namespace Gateway.Access;

/// <summary>What the database says of one API key.</summary>
/// <param name="ExpiresAtMs">Unix milliseconds; <see cref="long.MaxValue"/>: never.</param>
internal sealed record KeyRow(long Id, string Name, string Hash, bool IsAdmin, long ExpiresAtMs, bool IsRevoked)
{
    public bool IsUsable(long nowMs) => !IsRevoked && nowMs < ExpiresAtMs;
}
