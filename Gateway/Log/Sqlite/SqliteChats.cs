using System.Buffers;
using Gateway.Messages;

namespace Gateway.Log.Sqlite;

/// <summary>Chats by identity, with the ids in memory. Belongs to the writer's thread.</summary>
internal sealed class SqliteChats(SqliteSession session)
{
    private readonly record struct Key(long BotId, long TelegramChatId, string Realm);

    /// <param name="Info">A hash of the chat's type, title and username as last written, to notice a change without reading the row.</param>
    private readonly record struct Entry(long Id, int Info);

    private readonly Dictionary<Key, Entry> known = [];

    private readonly SqliteStatement find = session.Prepare("SELECT id FROM chats WHERE bot_id = ?1 AND telegram_chat_id = ?2 AND realm = ?3");

    private readonly SqliteStatement insert = session.Prepare(
        "INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (?1, ?2, ?3, ?4) RETURNING id");

    private readonly SqliteStatement update = session.Prepare(
        "UPDATE chats SET type = ?2, title = ?3, username = ?4 WHERE id = ?1 AND (type IS NOT ?2 OR title IS NOT ?3 OR username IS NOT ?4)");

    public void Forget() => known.Clear();

    /// <summary>The chat's gateway id; the chat is made when it is new.</summary>
    public long Resolve(long botId, long telegramChatId, in UpdateFacts facts, ReadOnlySpan<byte> payload, long nowMs)
    {
        var key = new Key(botId, telegramChatId, Projection.RealmOf(facts, payload));
        if (known.TryGetValue(key, out var entry)) return entry.Id;

        var id = Find(key) ?? Insert(key, nowMs);
        // Full: all are forgotten and read again as they come. Rare enough to need no order of use.
        if (known.Count >= Limits.Log.CachedChats) known.Clear();
        known[key] = new(id, 0);
        return id;
    }

    /// <summary>
    /// Takes over type, title and username. Only for an update that is new in the log: Telegram's repetition of an old one would bring the
    /// old title back.
    /// </summary>
    public void Describe(long botId, long telegramChatId, in UpdateFacts facts, ReadOnlySpan<byte> payload)
    {
        var info = InfoOf(facts, payload);
        if (info == 0) return;
        var key = new Key(botId, telegramChatId, Projection.RealmOf(facts, payload));
        if (!known.TryGetValue(key, out var entry) || entry.Info == info) return;
        Update(entry.Id, facts, payload);
        known[key] = entry with { Info = info };
    }

    private long? Find(Key key) => Bind(find, key).Scalar();

    private long Insert(Key key, long nowMs)
    {
        Bind(insert, key).Bind(4, nowMs);
        var id = insert.Scalar();
        return id!.Value;
    }

    private static SqliteStatement Bind(SqliteStatement statement, Key key) =>
        statement.Bind(1, key.BotId).Bind(2, key.TelegramChatId).Bind(3, key.Realm);

    private void Update(long id, in UpdateFacts facts, ReadOnlySpan<byte> payload)
    {
        update.Bind(1, id);
        SqliteText.Bind(update, 2, facts.ChatType, payload);
        SqliteText.Bind(update, 3, facts.ChatTitle, payload);
        SqliteText.Bind(update, 4, facts.ChatUsername, payload);
        update.Run();
    }

    // Zero: the update says nothing about the chat but its id.
    private static int InfoOf(in UpdateFacts facts, ReadOnlySpan<byte> payload)
    {
        if (!facts.ChatType.IsPresent) return 0;
        var hash = new HashCode();
        hash.AddBytes(facts.ChatType.Of(payload));
        hash.Add(facts.ChatTitle.Length);
        if (facts.ChatTitle.IsPresent) hash.AddBytes(facts.ChatTitle.Of(payload));
        hash.Add(facts.ChatUsername.Length);
        if (facts.ChatUsername.IsPresent) hash.AddBytes(facts.ChatUsername.Of(payload));
        return hash.ToHashCode() | 1;
    }
}

/// <summary>Binds the text of a JSON string.</summary>
internal static class SqliteText
{
    public static void Bind(SqliteStatement statement, int index, Slice slice, ReadOnlySpan<byte> payload)
    {
        if (!slice.IsPresent)
        {
            statement.BindNull(index);
            return;
        }

        var json = slice.Of(payload);
        if (JsonText.IsPlain(json))
        {
            statement.BindUtf8(index, json);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(JsonText.MaxDecodedBytes(json.Length));
        statement.BindUtf8(index, buffer.AsSpan(0, JsonText.Decode(json, buffer)));
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
