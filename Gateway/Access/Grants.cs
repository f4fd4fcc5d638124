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

    public bool IsEmpty => !IsAdmin && ReadChats.Count == 0 && ReadBots.Count == 0;

    /// <summary>The decision of law L7. An event without a chat (<paramref name="chatId"/> 0) needs the bot-wide grant; one without a bot is for admins.</summary>
    public bool CanRead(long botId, long chatId) =>
        IsAdmin || (chatId != 0 && ReadChats.Contains(chatId)) || (botId != 0 && ReadBots.Contains(botId));
}
