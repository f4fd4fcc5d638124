namespace Gateway.Deliver;

/// <summary>Finds a shard's subscriptions by chat, by bot, and those of "all I may read".</summary>
internal sealed class SubscriptionIndex
{
    private readonly Dictionary<long, SubscriptionList> byChat = [];
    private readonly Dictionary<long, SubscriptionList> byBot = [];

    public SubscriptionList All { get; } = new();

    public SubscriptionList? OfChat(long chatId) => chatId == 0 ? null : byChat.GetValueOrDefault(chatId);

    public SubscriptionList? OfBot(long botId) => botId == 0 ? null : byBot.GetValueOrDefault(botId);

    public void Add(Subscription subscription)
    {
        if (subscription.Selector.IsAll)
        {
            All.Add(subscription);
        }

        foreach (var chatId in subscription.Selector.ChatIds)
        {
            ListOf(byChat, chatId).Add(subscription);
        }

        foreach (var botId in subscription.Selector.BotIds)
        {
            ListOf(byBot, botId).Add(subscription);
        }
    }

    public void Remove(Subscription subscription)
    {
        if (subscription.Selector.IsAll)
        {
            All.Remove(subscription);
        }

        foreach (var chatId in subscription.Selector.ChatIds)
        {
            RemoveFrom(byChat, chatId, subscription);
        }

        foreach (var botId in subscription.Selector.BotIds)
        {
            RemoveFrom(byBot, botId, subscription);
        }
    }

    /// <summary>Subscriptions to a group go on with the supergroup it became.</summary>
    public void Extend(long fromChatId, long toChatId)
    {
        if (byChat.GetValueOrDefault(fromChatId) is not { } old)
        {
            return;
        }

        foreach (var subscription in old.Span)
        {
            if (subscription.Selector.Follow(fromChatId, toChatId))
            {
                ListOf(byChat, toChatId).Add(subscription);
            }
        }
    }

    private static SubscriptionList ListOf(Dictionary<long, SubscriptionList> lists, long id)
    {
        if (!lists.TryGetValue(id, out var list))
        {
            lists.Add(id, list = new SubscriptionList());
        }

        return list;
    }

    private static void RemoveFrom(Dictionary<long, SubscriptionList> lists, long id, Subscription subscription)
    {
        if (lists.TryGetValue(id, out var list))
        {
            list.Remove(subscription);
            if (list.Span.IsEmpty)
            {
                lists.Remove(id);
            }
        }
    }
}

/// <summary>A list without order: removing moves the last entry into the hole.</summary>
internal sealed class SubscriptionList
{
    private Subscription[] entries = new Subscription[1];
    private int count;

    public ReadOnlySpan<Subscription> Span => entries.AsSpan(0, count);

    public void Add(Subscription subscription)
    {
        if (count == entries.Length)
        {
            Array.Resize(ref entries, count * 2);
        }

        entries[count++] = subscription;
    }

    public void Remove(Subscription subscription)
    {
        // From the end: sockets that came last leave first more often than not.
        var index = Array.LastIndexOf(entries, subscription, count - 1, count);
        if (index >= 0)
        {
            entries[index] = entries[--count];
            entries[count] = null!;
        }
    }
}
