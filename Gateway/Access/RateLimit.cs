using Gateway.Messages;

namespace Gateway.Access;

/// <summary>How many calls a principal may make: so many a second for as long as it likes, and so many at once after a rest.</summary>
internal readonly record struct RateLimit(int PerSecond, int Burst)
{
    public static readonly RateLimit Default = new(Limits.Access.RequestsPerSecond, Limits.Access.RequestBurst);

    /// <summary>What a key's own columns say; where they say nothing, the limit of all others.</summary>
    public RateLimit With(int? perSecond, int? burst) =>
        // A burst below the rate would make the rate a number that nobody can reach: a key with a rate of its own may save a second of it.
        new(perSecond ?? PerSecond, burst ?? (perSecond is { } own ? Math.Max(own, Burst) : Burst));
}
