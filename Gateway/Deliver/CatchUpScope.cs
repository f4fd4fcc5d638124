using Gateway.Log;

namespace Gateway.Deliver;

/// <summary>What of the log a catch-up asks the database for: no more than is wanted, and no more than may be read.</summary>
internal static class CatchUpScope
{
    /// <param name="subscription">Null: everything the connection's live subscriptions want.</param>
    /// <param name="isShared">Others may ask the same: all that a key may read.</param>
    public static LogQuery Narrow(LogQuery query, Connection connection, Subscription? subscription, RecentMigrations migrations, out bool isShared)
    {
        var grants = connection.AppliedGrants;
        var (all, chatIds, botIds) = subscription is null ? Union(connection) : Of(subscription.Selector);
        isShared = all;
        if (!all)
        {
            return query with { ChatIds = chatIds, BotIds = botIds };
        }

        return grants.IsAdmin ? query : query with { ChatIds = migrations.Widen(grants), BotIds = grants.ReadBots };
    }

    private static (bool All, HashSet<long> ChatIds, HashSet<long> BotIds) Of(Selector selector) =>
        (selector.IsAll, [.. selector.ChatIds], [.. selector.BotIds]);

    private static (bool All, HashSet<long> ChatIds, HashSet<long> BotIds) Union(Connection connection)
    {
        HashSet<long> chatIds = [], botIds = [];
        var all = false;
        for (var subscription = connection.FirstSubscription; subscription is not null; subscription = subscription.Next)
        {
            if (subscription.IsLive)
            {
                all |= subscription.Selector.IsAll;
                chatIds.UnionWith(subscription.Selector.ChatIds);
                botIds.UnionWith(subscription.Selector.BotIds);
            }
        }

        return (all, chatIds, botIds);
    }
}
