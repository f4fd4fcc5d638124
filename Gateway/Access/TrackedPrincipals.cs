using Gateway.Messages;

namespace Gateway.Access;

/// <summary>
/// The principals of this process and how current their grants are. Held weakly: whoever uses one (a connection, the verified-key
/// table) keeps it alive, and what nobody uses any more is not reloaded.
/// </summary>
internal sealed class TrackedPrincipals(AccessStore store, TimeProvider time, RateBudgets? budgets = null)
{
    private readonly RateBudgets budgets = budgets ?? new RateBudgets(time, RateLimit.Default);
    private readonly Lock gate = new();
    private readonly Dictionary<Identity, Tracked> tracked = [];
    private readonly List<IControlObserver> observers = [];
    private long seenVersion = -1;
    private long freshAsOf;
    private bool isLoaded;

    public bool IsCurrent => Volatile.Read(ref isLoaded) && time.GetElapsedTime(Volatile.Read(ref freshAsOf)) <= Limits.Access.VersionStale;

    /// <summary>The watcher's count of the last state that was read, whether or not everything was reloaded for it yet; -1 before the first.</summary>
    public long SeenVersion => Volatile.Read(ref seenVersion);

    public IReadOnlyList<IControlObserver> Observers => observers;

    public void AddObserver(IControlObserver observer) => observers.Add(observer);

    /// <summary>
    /// The credential's principal, with its rights loaded. They are kept only if no newer version was seen meanwhile: the watcher notes the version
    /// first and then reloads who is tracked, so a principal that comes in between is either in its list or loads again here.
    /// Null when the database does not answer.
    /// </summary>
    /// <param name="tokenEndsAtMs">When the credential ends whatever the database says; <see cref="long.MaxValue"/>: it does not.</param>
    public async Task<Principal?> TrackAsync(Identity identity, long tokenEndsAtMs, CancellationToken cancellation)
    {
        while (true)
        {
            var version = SeenVersion;
            var states = await store.ReadStatesAsync(new[] { identity }, cancellation);
            if (states is null)
            {
                return null;
            }

            lock (gate)
            {
                if (seenVersion != version)
                {
                    continue;
                }

                var state = states.GetValueOrDefault(identity);
                if (!tracked.TryGetValue(identity, out var entry) || !entry.Principal.TryGetTarget(out var principal))
                {
                    principal = new Principal(identity.Id, state?.Name ?? "", identity.SessionId) { Budget = budgets.Of(identity.Id, state?.RatePerSecond, state?.RateBurst) };
                    entry = tracked[identity] = new Tracked(new WeakReference<Principal>(principal), tokenEndsAtMs);
                }

                Apply(entry, principal, state);
                return principal;
            }
        }
    }

    /// <summary>From here on nothing loaded under an older version is kept. Answers whose grants must be reloaded.</summary>
    public Identity[] BeginReload(long version)
    {
        lock (gate)
        {
            seenVersion = version;
            foreach (var (id, entry) in tracked)
            {
                if (!entry.Principal.TryGetTarget(out _))
                {
                    // Removing while enumerating is allowed for Dictionary.
                    tracked.Remove(id);
                }
            }

            return [.. tracked.Keys];
        }
    }

    /// <summary>What the database says now of these; those without a state were deleted.</summary>
    public void Apply(ReadOnlySpan<Identity> identities, Dictionary<Identity, PrincipalState> states)
    {
        lock (gate)
        {
            foreach (var identity in identities)
            {
                if (tracked.TryGetValue(identity, out var entry) && entry.Principal.TryGetTarget(out var principal))
                {
                    Apply(entry, principal, states.GetValueOrDefault(identity));
                }
            }
        }
    }

    /// <summary>Everything tracked reflects every change committed before this moment of the monotonic clock.</summary>
    public void MarkCurrent(long timestamp)
    {
        Volatile.Write(ref freshAsOf, timestamp);
        Volatile.Write(ref isLoaded, true);
    }

    /// <summary>Marks those whose time is over. True when there were any: their streams must be told.</summary>
    public bool ExpireDue()
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var any = false;
        lock (gate)
        {
            foreach (var entry in tracked.Values)
            {
                if (entry.ExpiresAtMs <= nowMs && entry.Principal.TryGetTarget(out var principal) && !principal.IsRevoked)
                {
                    // First, so that whoever sees the end sees its reason.
                    principal.IsTokenExpired = entry.TokenEndsAtMs <= nowMs;
                    any = principal.IsRevoked = true;
                }
            }
        }

        return any;
    }

    private void Apply(Tracked entry, Principal principal, PrincipalState? state)
    {
        principal.ExpiresAtMs = entry.ExpiresAtMs = Math.Min(entry.TokenEndsAtMs, state?.ExpiresAtMs ?? long.MaxValue);
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var usable = state is not null && state.IsUsable(nowMs) && nowMs < entry.TokenEndsAtMs;
        var grants = usable ? state!.Grants : Grants.None;
        if (!grants.IsSameAs(principal.Grants))
        {
            // Only then: the object stands for what it says, in what streams were told and in the pages that they share.
            principal.Grants = grants;
        }

        if (state is not null) principal.Name = state.Name;
        // The end first with its reason, and taken back last: or a stream that looks meanwhile would be told that it lacks a permission (4003).
        principal.IsTokenExpired = state is not null && state.IsUsable(nowMs) && !usable;
        principal.IsRevoked |= !usable;
        principal.Permissions = usable ? state!.Permissions : Permission.None;
        principal.IsRevoked = !usable;
        principal.Budget?.SetLimit(budgets.Standard.With(state?.RatePerSecond, state?.RateBurst));
    }

    private sealed class Tracked(WeakReference<Principal> principal, long tokenEndsAtMs)
    {
        public WeakReference<Principal> Principal { get; } = principal;
        public long TokenEndsAtMs { get; } = tokenEndsAtMs;
        public long ExpiresAtMs { get; set; } = long.MaxValue;
    }
}
