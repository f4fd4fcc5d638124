using Gateway.Messages;

namespace Gateway.Access;

/// <summary>
/// The principals of this process and how current their grants are. Held weakly: whoever uses one (a connection, the verified-key
/// table) keeps it alive, and what nobody uses any more is not reloaded.
/// </summary>
internal sealed class TrackedPrincipals(AccessStore store, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, Tracked> tracked = [];
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
    /// The key's principal, with grants loaded. They are kept only if no newer version was seen meanwhile: the watcher notes the version first
    /// and then reloads who is tracked, so a principal that comes in between is either in its list or loads again here.
    /// Null when the database does not answer.
    /// </summary>
    public async Task<Principal?> TrackAsync(KeyRow row, CancellationToken cancellation)
    {
        while (true)
        {
            var version = SeenVersion;
            var rows = await store.ReadKeysAsync(new[] { row.Id }, cancellation);
            var grants = rows is null ? null : await store.ReadGrantsAsync(rows, cancellation);
            if (grants is null)
            {
                return null;
            }

            lock (gate)
            {
                if (seenVersion != version)
                {
                    continue;
                }

                if (!tracked.TryGetValue(row.Id, out var entry) || !entry.Principal.TryGetTarget(out var principal))
                {
                    principal = new Principal(row.Id, row.Name);
                    entry = tracked[row.Id] = new Tracked(new WeakReference<Principal>(principal));
                }

                Apply(entry, principal, rows!.Count == 0 ? null : rows[0], grants);
                return principal;
            }
        }
    }

    /// <summary>From here on nothing loaded under an older version is kept. Answers whose grants must be reloaded.</summary>
    public long[] BeginReload(long version)
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

    /// <summary>What the database says now of the keys with these ids; those without a row were deleted.</summary>
    public void Apply(ReadOnlySpan<long> ids, IReadOnlyList<KeyRow> rows, Dictionary<long, Grants> grants)
    {
        var byId = rows.ToDictionary(row => row.Id);
        lock (gate)
        {
            foreach (var id in ids)
            {
                if (tracked.TryGetValue(id, out var entry) && entry.Principal.TryGetTarget(out var principal))
                {
                    Apply(entry, principal, byId.GetValueOrDefault(id), grants);
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
                    any = principal.IsRevoked = true;
                }
            }
        }

        return any;
    }

    private void Apply(Tracked entry, Principal principal, KeyRow? row, Dictionary<long, Grants> grants)
    {
        principal.ExpiresAtMs = entry.ExpiresAtMs = row?.ExpiresAtMs ?? long.MaxValue;
        var usable = row is not null && row.IsUsable(time.GetUtcNow().ToUnixTimeMilliseconds());
        principal.Grants = usable && grants.TryGetValue(row!.Id, out var granted) ? granted : Grants.None;
        principal.IsRevoked = !usable;
    }

    private sealed class Tracked(WeakReference<Principal> principal)
    {
        public WeakReference<Principal> Principal { get; } = principal;
        public long ExpiresAtMs { get; set; } = long.MaxValue;
    }
}
