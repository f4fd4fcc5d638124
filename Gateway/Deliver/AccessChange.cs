using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// What is different between two states of somebody's grants, as far as streams go: found once for all connections that went from the one to the
/// other, at the pace of changes and never of events.
/// </summary>
internal sealed class AccessChange
{
    private readonly Grants before;
    private readonly Grants after;

    // With the bot of the chat where it is known. Never more than one over the bound: then it only says that there are too many.
    private readonly List<(AccessNotice Notice, long BotId)> found = [];

    public AccessChange(Grants before, Grants after)
    {
        (this.before, this.after) = (before, after);
        AddsEvents = !before.Covers(after) || !IsSame(before.Feedback, after.Feedback);
        if (before.IsAdmin != after.IsAdmin)
        {
            IsTooMuch = true;
        }
        else if (!before.IsAdmin)
        {
            Compare();
        }
    }

    /// <summary>Whether some event may leave now that might not before.</summary>
    public bool AddsEvents { get; }

    private bool IsTooMuch { get => field || found.Count > Limits.Deliver.AccessFrames; }

    /// <summary>What the client of these subscriptions is to be told, in order; of chats that it did not ask for it hears nothing.</summary>
    /// <param name="moved">Supergroups that go on from groups: their own event tells of them.</param>
    public List<AccessNotice> NoticesFor(Subscription? first, IReadOnlyCollection<long> moved)
    {
        List<AccessNotice> notices = [];
        for (var subscription = first; subscription is not null; subscription = subscription.Next)
        {
            Collect(subscription.Selector, notices);
        }

        notices.RemoveAll(notice => notice.CanRead && notice.BotId == 0 && moved.Contains(notice.ChatId));
        return notices.Count <= Limits.Deliver.AccessFrames && !notices.Contains(AccessNotice.Everything) ? notices : [AccessNotice.Everything];
    }

    private void Collect(Selector selector, List<AccessNotice> notices)
    {
        foreach (var (chatId, botId) in selector.Chats)
        {
            var (was, may) = (before.CanRead(botId, chatId), after.CanRead(botId, chatId));
            if (was != may)
            {
                Add(notices, AccessNotice.OfChat(chatId, may));
            }
        }

        if (IsTooMuch)
        {
            // Named chats were compared above, one by one; their threads and everything else are in the list that was given up.
            if (selector.IsAll || selector.BotIds.Count > 0 || before.Threads is not null || after.Threads is not null)
            {
                Add(notices, AccessNotice.Everything);
            }

            return;
        }

        foreach (var (notice, botId) in found)
        {
            var isOfBot = selector.BotIds.Count > 0 && (botId == 0 || selector.BotIds.Contains(botId));
            if (selector.IsAll || isOfBot || (notice.ThreadId != 0 && selector.HasChat(notice.ChatId)))
            {
                Add(notices, notice);
            }
        }
    }

    private static void Add(List<AccessNotice> notices, AccessNotice notice)
    {
        if (notices.Count <= Limits.Deliver.AccessFrames && !notices.Contains(notice))
        {
            notices.Add(notice);
        }
    }

    // A frame about a bot speaks of all its chats and one about a chat of all its threads: what stays readable is said after a loss, and what
    // a gain covers is not said again.
    private void Compare()
    {
        Tell(before.ReadBots, after.ReadBots, canRead: false);
        foreach (var chatId in before.ReadChats)
        {
            CompareChat(chatId);
            if (IsTooMuch) return;
        }

        foreach (var chatId in after.ReadChats)
        {
            if (!before.ReadChats.Contains(chatId)) CompareChat(chatId);
            if (IsTooMuch) return;
        }

        Tell(after.ReadBots, before.ReadBots, canRead: true);
        CompareThreads(before);
        CompareThreads(after);
    }

    private void Tell(FrozenSet<long> bots, FrozenSet<long> others, bool canRead)
    {
        foreach (var botId in bots)
        {
            if (!others.Contains(botId) && !IsTooMuch)
            {
                found.Add((AccessNotice.OfBot(botId, canRead), botId));
            }
        }
    }

    private void CompareChat(long chatId)
    {
        var botId = BotOf(chatId);
        var (was, may) = (before.CanRead(botId, chatId), after.CanRead(botId, chatId));
        var (wasByBot, mayByBot) = (before.CanRead(botId, 0), after.CanRead(botId, 0));
        var isSaidByBot = wasByBot != mayByBot && may == mayByBot;
        if (!isSaidByBot && (was != may || wasByBot != mayByBot))
        {
            found.Add((AccessNotice.OfChat(chatId, may), botId));
        }
    }

    private void CompareThreads(Grants grants)
    {
        if (grants.Threads is not { } threads)
        {
            return;
        }

        foreach (var (chatId, threadId) in threads.Keys)
        {
            if (IsTooMuch) return;
            var botId = BotOf(chatId);
            var (was, may) = (before.CanRead(botId, chatId, threadId), after.CanRead(botId, chatId, threadId));
            var (wasByChat, mayByChat) = (before.CanRead(botId, chatId), after.CanRead(botId, chatId));
            var isSaidByChat = wasByChat != mayByChat && may == mayByChat;
            var notice = (AccessNotice.OfThread(chatId, threadId, may), botId);
            if (!isSaidByChat && (was != may || wasByChat != mayByChat) && !found.Contains(notice))
            {
                found.Add(notice);
            }
        }
    }

    private long BotOf(long chatId) => after.BotOf(chatId) is var botId and not 0 ? botId : before.BotOf(chatId);

    private static bool IsSame(FrozenSet<long>? one, FrozenSet<long>? other) =>
        ReferenceEquals(one, other) || (one is not null && other is not null && one.SetEquals(other));
}
