using System.Collections.Frozen;

namespace Gateway.Access;

/// <summary>What streams ask: of single events, and of a chat before anything of it is there.</summary>
internal sealed partial class Grants
{
    /// <summary>The chats of which something may be read, single threads included. The same object for as long as the grants are: pages are shared by it.</summary>
    public FrozenSet<long> ReadableChats { get; private init; }

    /// <summary>The bots of the chats, only for who has grants on bots too: without them no chat's bot matters.</summary>
    public FrozenDictionary<long, long>? BotOfChat { get; init; }

    /// <summary>The single threads that may be read, of chats that may not be read as a whole.</summary>
    public IEnumerable<(long ChatId, long ThreadId)> ReadThreads() => Threads is null
        ? []
        : Threads.Where(each => (each.Value & ChatRights.Read) != 0 && !ReadChats.Contains(each.Key.ChatId)).Select(each => each.Key);

    /// <summary>Zero where it is not known.</summary>
    public long BotOf(long chatId) => BotOfChat is null ? 0 : BotOfChat.GetValueOrDefault(chatId);

    /// <summary>The decision of law L7 for one event; zero is an event of no thread.</summary>
    public bool CanRead(long botId, long chatId, long threadId) =>
        CanRead(botId, chatId)
        || (threadId != 0 && Threads is not null && (Threads.GetValueOrDefault((chatId, threadId)) & ChatRights.Read) != 0);

    /// <summary>Whether some event of the chat may be read: who may read one of its threads knows that it is there.</summary>
    public bool CanReadSome(long botId, long chatId) => CanRead(botId, chatId) || ReadableChats.Contains(chatId);

    /// <summary>Whether they say the same.</summary>
    public bool IsSameAs(Grants other) =>
        ReferenceEquals(this, other)
        || (IsAdmin == other.IsAdmin && IsSame(Chats, other.Chats) && IsSame(Bots, other.Bots) && IsSame(Threads, other.Threads)
            && IsSame(BotOfChat, other.BotOfChat)
            && (ReferenceEquals(Feedback, other.Feedback) || (Feedback is not null && other.Feedback is not null && Feedback.SetEquals(other.Feedback))));

    private static bool IsSame<TKey, TValue>(FrozenDictionary<TKey, TValue>? one, FrozenDictionary<TKey, TValue>? other)
        where TKey : notnull
        where TValue : struct
    {
        if (one is null || other is null || one.Count != other.Count)
        {
            return one is null && other is null;
        }

        foreach (var (key, value) in one)
        {
            if (!other.TryGetValue(key, out var there) || !EqualityComparer<TValue>.Default.Equals(there, value))
            {
                return false;
            }
        }

        return true;
    }

    private static FrozenSet<long> WithThreads(FrozenSet<long> chats, FrozenDictionary<(long ChatId, long ThreadId), ChatRights>? threads) =>
        threads is null
            ? chats
            : threads.Where(each => (each.Value & ChatRights.Read) != 0).Select(each => each.Key.ChatId).Concat(chats).ToFrozenSet();
}
