namespace Gateway.Log.Sqlite;

/// <summary>
/// Which events and messages a chat has, in two levels. An index by chat over the whole log costs a commit one page for each chat in it;
/// so a commit writes into <c>chat_tail</c>, a table of a few pages, and moves as many rows as came too many into <c>chat_events</c>
/// and <c>chat_messages</c>, many of one chat at a time: like an elevator, by chat and seq from where the last commit stopped.
/// All of it happens in the commit's own transaction, so every snapshot has each event in exactly one level. Belongs to the writer's thread.
/// </summary>
/// <param name="mostRows">What the tail holds; <see cref="Messages.Limits.Log.ChatTailRows"/> but in tests.</param>
internal sealed class SqliteChatTail(SqliteSession session, int mostRows)
{
    private readonly record struct Message(long ChatId, long TelegramId);

    // The tail's messages. Nothing in memory outlives a transaction that was undone: its fault closes the session.
    private readonly Dictionary<Message, long> messages = [];

    private readonly SqliteStatement version = session.Prepare("PRAGMA data_version");
    private readonly SqliteStatement load = session.Prepare("SELECT chat_id, seq, telegram_id FROM chat_tail");
    private readonly SqliteStatement add = session.Prepare("INSERT OR REPLACE INTO chat_tail (chat_id, seq, telegram_id) VALUES (?1, ?2, ?3)");
    private readonly SqliteStatement find = session.Prepare("SELECT message_id FROM chat_messages WHERE chat_id = ?1 AND telegram_id = ?2");

    private readonly SqliteStatement next = session.Prepare(
        "SELECT chat_id, seq, telegram_id FROM chat_tail WHERE (chat_id, seq) > (?1, ?2) ORDER BY chat_id, seq LIMIT ?3");

    // OR IGNORE: a row that is there already, in a file that somebody repaired by hand, must not refuse every batch from now on.
    private readonly SqliteStatement moveEvents = session.Prepare(
        "INSERT OR IGNORE INTO chat_events (chat_id, seq) SELECT chat_id, seq FROM chat_tail WHERE " + Range);

    private readonly SqliteStatement moveMessages = session.Prepare(
        "INSERT OR IGNORE INTO chat_messages (chat_id, telegram_id, message_id) SELECT chat_id, telegram_id, seq FROM chat_tail WHERE telegram_id IS NOT NULL AND " + Range);

    private readonly SqliteStatement clear = session.Prepare("DELETE FROM chat_tail WHERE " + Range);
    private readonly SqliteStatement deleteTail = session.Prepare("DELETE FROM chat_tail WHERE chat_id = ?1 AND seq = ?2");
    private readonly SqliteStatement deleteEvent = session.Prepare("DELETE FROM chat_events WHERE chat_id = ?1 AND seq = ?2");
    private readonly SqliteStatement deleteMessage = session.Prepare("DELETE FROM chat_messages WHERE chat_id = ?1 AND telegram_id = ?2 AND message_id = ?3");

    private long? loadedVersion;
    private int rows;
    private (long ChatId, long Seq) position;

    private const string Range = "(chat_id, seq) > (?1, ?2) AND (chat_id, seq) <= (?3, ?4)";

    public void Forget() => loadedVersion = null;

    /// <summary>
    /// First in every transaction: reads the tail again where this connection is new or another one has written since. None but the
    /// log's writer writes the tail; were there a second one, a message would else get two rows.
    /// </summary>
    public void Refresh()
    {
        var now = version.Scalar();
        if (now == loadedVersion) return;
        messages.Clear();
        rows = 0;
        for (; load.Step(); rows++)
            if (!load.IsNull(2)) messages[new(load.Int64(0), load.Int64(2))] = load.Int64(1);
        loadedVersion = now;
    }

    /// <summary>The gateway id of a chat's message, 0 when the log does not have it.</summary>
    public long Find(long chatId, long telegramId) =>
        messages.TryGetValue(new(chatId, telegramId), out var id) ? id : find.Bind(1, chatId).Bind(2, telegramId).Scalar() ?? 0;

    /// <param name="createdTelegramId">Where the event created a message's row: the message's unique Telegram id, if it has one.</param>
    public void Add(long chatId, long seq, long? createdTelegramId)
    {
        add.Bind(1, chatId).Bind(2, seq).Bind(3, createdTelegramId).Run();
        rows++;
        if (createdTelegramId is { } telegramId) messages[new(chatId, telegramId)] = seq;
    }

    /// <summary>
    /// Takes the tail back to its bound. Not for the one or two rows of a small commit: then it would write the pages of the big level one
    /// row at a time again.
    /// </summary>
    public void Shrink()
    {
        var excess = rows - mostRows;
        if (excess <= mostRows / 32) return;
        var moved = Move(excess);
        if (moved == excess) return;
        position = (0, 0);
        Move(excess - moved);
    }

    /// <param name="createdTelegramId">As in <see cref="Add"/>.</param>
    public void Delete(long chatId, long seq, long? createdTelegramId)
    {
        if (deleteEvent.Bind(1, chatId).Bind(2, seq).Run() == 1)
        {
            if (createdTelegramId is { } old) deleteMessage.Bind(1, chatId).Bind(2, old).Bind(3, seq).Run();
            return;
        }

        rows -= deleteTail.Bind(1, chatId).Bind(2, seq).Run();
        if (createdTelegramId is { } telegramId) messages.Remove(new(chatId, telegramId));
    }

    // Answers how many it moved: fewer than the most where the tail ends.
    private int Move(int most)
    {
        var (moved, last) = (0, position);
        next.Bind(1, position.ChatId).Bind(2, position.Seq).Bind(3, most);
        for (; next.Step(); moved++)
        {
            last = (next.Int64(0), next.Int64(1));
            if (!next.IsNull(2)) messages.Remove(new(last.ChatId, next.Int64(2)));
        }

        if (moved == 0) return 0;
        BindRange(moveEvents, last).Run();
        BindRange(moveMessages, last).Run();
        BindRange(clear, last).Run();
        rows -= moved;
        position = last;
        return moved;
    }

    private SqliteStatement BindRange(SqliteStatement statement, (long ChatId, long Seq) last) =>
        statement.Bind(1, position.ChatId).Bind(2, position.Seq).Bind(3, last.ChatId).Bind(4, last.Seq);
}
