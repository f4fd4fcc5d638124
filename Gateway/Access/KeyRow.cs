namespace Gateway.Access;

/// <summary>What a presented key is held against.</summary>
/// <param name="ExpiresAtMs">Unix milliseconds; <see cref="long.MaxValue"/>: never.</param>
internal sealed record KeyRow(string Hash, long ExpiresAtMs, bool IsRevoked)
{
    public bool IsUsable(long nowMs) => !IsRevoked && nowMs < ExpiresAtMs;
}
