using System.Collections.Frozen;

namespace Gateway.Access;

/// <summary>What a principal may read, as known at one control version. Immutable: a change makes a new one.</summary>
internal sealed class Grants(bool isAdmin, FrozenSet<long> readChats, FrozenSet<long> readBots)
{
    public static readonly Grants None = new(false, FrozenSet<long>.Empty, FrozenSet<long>.Empty);

    /// <summary>Admins read everything, chats that appear later included.</summary>
    public bool IsAdmin { get; } = isAdmin;

    public FrozenSet<long> ReadChats { get; } = readChats;
    public FrozenSet<long> ReadBots { get; } = readBots;

    /// <summary>
    /// Whether nothing that the earlier grants let out is closed now. A chat that its bot's grant covers instead may be answered as lost: telling
    /// that apart would need each chat's bot, and the one who asks only comes again.
    /// </summary>
    public bool Covers(Grants earlier) =>
        IsAdmin || ReferenceEquals(this, earlier)
        || (!earlier.IsAdmin && earlier.ReadChats.IsSubsetOf(ReadChats) && earlier.ReadBots.IsSubsetOf(ReadBots));

    public bool IsEmpty => !IsAdmin && ReadChats.Count == 0 && ReadBots.Count == 0;

    /// <summary>The decision of law L7. An event without a chat (<paramref name="chatId"/> 0) needs the bot-wide grant; one without a bot is for admins.</summary>
    public bool CanRead(long botId, long chatId) =>
        IsAdmin || (chatId != 0 && ReadChats.Contains(chatId)) || (botId != 0 && ReadBots.Contains(botId));
}
