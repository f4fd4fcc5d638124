using System.Collections.Frozen;

namespace Gateway.Access;

/// <summary>What a principal may do in which chats, as known at one control version. Immutable: a change makes a new one.</summary>
internal sealed partial class Grants
{
    private static readonly FrozenDictionary<long, ChatRights> Nothing = FrozenDictionary<long, ChatRights>.Empty;

    public static readonly Grants None = new(false, Nothing, Nothing);
    public static readonly Grants Admin = new(true, Nothing, Nothing);

    public Grants(bool isAdmin, FrozenDictionary<long, ChatRights> chats, FrozenDictionary<long, ChatRights> bots)
    {
        IsAdmin = isAdmin;
        Chats = chats;
        Bots = bots;
        ReadChats = Readable(chats);
        ReadBots = Readable(bots);
        ReadableChats = ReadChats;
    }

    /// <summary>Nothing but reading.</summary>
    public Grants(bool isAdmin, FrozenSet<long> readChats, FrozenSet<long> readBots)
        : this(isAdmin, readChats.ToFrozenDictionary(id => id, _ => ChatRights.Read), readBots.ToFrozenDictionary(id => id, _ => ChatRights.Read))
    {
    }

    /// <summary>Admins may do everything, in chats that appear later too.</summary>
    public bool IsAdmin { get; }

    /// <summary>Rights by the gateway's chat id, on the whole chat.</summary>
    public FrozenDictionary<long, ChatRights> Chats { get; }

    /// <summary>Rights in every chat of a bot, chats that appear later included, and on what the bot receives outside of chats.</summary>
    public FrozenDictionary<long, ChatRights> Bots { get; }

    /// <summary>Rights on single threads of chats; null: none.</summary>
    public FrozenDictionary<(long ChatId, long ThreadId), ChatRights>? Threads
    {
        get;
        init
        {
            field = value;
            ReadableChats = WithThreads(ReadChats, value);
        }
    }

    /// <summary>The chats that push to this key; null: all it may read.</summary>
    public FrozenSet<long>? Feedback { get; init; }

    public FrozenSet<long> ReadChats { get; }
    public FrozenSet<long> ReadBots { get; }

    public bool IsEmpty => !IsAdmin && ReadChats.Count == 0 && ReadBots.Count == 0 && Threads is null;

    /// <summary>
    /// Whether nothing that the earlier grants let out is closed now. A chat that its bot's grant covers instead may be answered as lost: telling
    /// that apart would need each chat's bot, and the one who asks only comes again.
    /// </summary>
    public bool Covers(Grants earlier) =>
        IsAdmin || ReferenceEquals(this, earlier)
        || (!earlier.IsAdmin && earlier.ReadChats.IsSubsetOf(ReadChats) && earlier.ReadBots.IsSubsetOf(ReadBots) && CoversThreads(earlier));

    /// <summary>The decision of law L7. An event without a chat (<paramref name="chatId"/> 0) needs the bot-wide grant; one without a bot is for admins.</summary>
    public bool CanRead(long botId, long chatId) =>
        IsAdmin || (chatId != 0 && ReadChats.Contains(chatId)) || (botId != 0 && ReadBots.Contains(botId));

    public bool CanSend(long botId, long chatId) => Has(botId, chatId, ChatRights.Send);

    public bool CanManage(long botId, long chatId) => Has(botId, chatId, ChatRights.Manage);

    /// <summary>All rights on the chat: its own and its bot's together.</summary>
    public ChatRights RightsOn(long botId, long chatId) =>
        IsAdmin ? ChatRights.All : Chats.GetValueOrDefault(chatId) | Bots.GetValueOrDefault(botId);

    private bool Has(long botId, long chatId, ChatRights right) => (RightsOn(botId, chatId) & right) != 0;

    private bool CoversThreads(Grants earlier)
    {
        if (earlier.Threads is null)
        {
            return true;
        }

        foreach (var (place, rights) in earlier.Threads)
        {
            if ((rights & ChatRights.Read) != 0 && !ReadChats.Contains(place.ChatId)
                && (Threads is null || (Threads.GetValueOrDefault(place) & ChatRights.Read) == 0))
            {
                return false;
            }
        }

        return true;
    }

    private static FrozenSet<long> Readable(FrozenDictionary<long, ChatRights> rights) =>
        rights.Count == 0 ? FrozenSet<long>.Empty : rights.Where(each => (each.Value & ChatRights.Read) != 0).Select(each => each.Key).ToFrozenSet();
}
