using Gateway.Messages;

namespace Gateway.Access;

/// <summary>What every call of a principal passes, on whatever transport: it takes from the principal's budget, and notes that its key is in use.</summary>
internal sealed class RateLimiter(KeyUsage? usage, TimeProvider time)
{
    public RateDecision Take(Principal principal)
    {
        NoteUse(principal);
        // Only whoever was not found through the database has none: nobody whose calls come from outside.
        return principal.Budget?.TryTake() ?? new RateDecision(true, int.MaxValue, int.MaxValue, TimeSpan.Zero, TimeSpan.Zero);
    }

    /// <summary>Refused calls as well: somebody has the key and uses it.</summary>
    private void NoteUse(Principal principal)
    {
        if (usage is null || principal.Id.Kind != PrincipalKind.ApiKey)
        {
            return;
        }

        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (nowMs - principal.NotedUseMs >= (long)Limits.Access.KeyUsageGrain.TotalMilliseconds)
        {
            principal.NotedUseMs = nowMs;
            usage.Note(principal.Id.Id, nowMs);
        }
    }
}
