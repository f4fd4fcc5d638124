using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// Groups that became supergroups a moment ago, by the order of the log. Two things lag behind that order, and neither may cost a stream
/// its events: the grants, which moved with the group but are loaded up to <see cref="Limits.Access.VersionStale"/> later, and
/// subscriptions that were resolved before the migration and start after it. Belongs to a shard's loop.
/// </summary>
internal sealed class RecentMigrations(TimeProvider time)
{
    private readonly List<(long From, long To, long SeenTimestamp)> migrations = [];

    public void Add(long from, long to) => migrations.Add((from, to, time.GetTimestamp()));

    /// <summary>
    /// Whether a grant on the old group lets these grants read the new one. Only until the grants must be newer than the migration:
    /// after that delivery is either held or knows what was granted.
    /// </summary>
    public bool LetsRead(Grants grants, long botId, long chatId, bool isPush)
    {
        foreach (var (from, to, seen) in migrations)
        {
            if (to == chatId && time.GetElapsedTime(seen) <= Limits.Access.VersionStale && grants.CanRead(botId, from)
                && (grants.Feedback is null || !isPush || grants.Feedback.Contains(from)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The chats that these grants read, with what <see cref="LetsRead"/> adds.</summary>
    public IReadOnlyCollection<long> Widen(Grants grants)
    {
        HashSet<long>? widened = null;
        foreach (var (from, to, seen) in migrations)
        {
            if (grants.ReadChats.Contains(from) && !grants.ReadableChats.Contains(to) && time.GetElapsedTime(seen) <= Limits.Access.VersionStale)
            {
                (widened ??= [.. grants.ReadableChats]).Add(to);
            }
        }

        return widened is null ? grants.ReadableChats : widened;
    }

    /// <summary>The supergroups of groups that these grants read.</summary>
    public IReadOnlyCollection<long> MovedFrom(Grants grants)
    {
        HashSet<long>? moved = null;
        foreach (var (from, to, _) in migrations)
        {
            if (grants.ReadChats.Contains(from))
            {
                (moved ??= []).Add(to);
            }
        }

        return moved is null ? [] : moved;
    }

    /// <summary>Gives a selector that is about to start what those that run got when the group migrated.</summary>
    public void Follow(Selector selector)
    {
        foreach (var (from, to, _) in migrations)
        {
            selector.Follow(from, to);
        }
    }

    public void Expire() => migrations.RemoveAll(migration => time.GetElapsedTime(migration.SeenTimestamp) > Limits.Deliver.MigrationMemory);
}
