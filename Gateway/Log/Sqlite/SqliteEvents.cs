using Gateway.Messages;

namespace Gateway.Log.Sqlite;

/// <summary>Writes one item: its event, and what it means for chats and messages. Belongs to the writer's thread.</summary>
internal sealed class SqliteEvents(SqliteSession session, SqliteChatTail tail)
{
    private readonly SqliteChats chats = new(session);
    private readonly SqliteMessages messages = new(session, tail);

    private readonly SqliteStatement insert = session.Prepare("""
        INSERT INTO events (seq, bot_id, chat_id, kind, update_id, message_id, reply_to_id, dedup_key, projection_failed, created_at_ms, payload)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT (bot_id, dedup_key) DO NOTHING
        """);

    private readonly SqliteStatement findKey = session.Prepare("SELECT seq, created_at_ms FROM events WHERE bot_id = ?1 AND dedup_key = ?2");
    private readonly SqliteStatement renameKey = session.Prepare("UPDATE events SET dedup_key = dedup_key || '#' || seq WHERE seq = ?1");
    private readonly SqliteStatement setMessage = session.Prepare("UPDATE events SET message_id = ?2 WHERE seq = ?1");
    private readonly SqliteStatement setFailed = session.Prepare("UPDATE events SET message_id = NULL, projection_failed = 1 WHERE seq = ?1");

    public void ForgetChats() => chats.Forget();

    /// <summary>Answers true when the event was inserted under <paramref name="seq"/>, false when it was in the log already.</summary>
    public bool Write(CommitItem item, long seq, long nowMs)
    {
        item.ProjectionFailed = false;
        item.MessageId = item.ReplyToMessageId = 0;
        item.ChatId = item.KnownChatId;
        try
        {
            Locate(item, seq, nowMs);
        }
        catch (SqliteFault fault) when (fault.IsOfData)
        {
            item.ProjectionFailed = true;
        }

        if (!Insert(item, seq, nowMs))
        {
            if (!FindKey(item, out var existing, out var createdAtMs) || !Projection.IsKeyFreeAgain(createdAtMs, nowMs))
            {
                item.Status = CommitStatus.Duplicate;
                item.Seq = existing;
                return false;
            }

            renameKey.Bind(1, existing).Run();
            Insert(item, seq, nowMs);
        }

        item.Status = CommitStatus.Stored;
        item.Seq = seq;
        Describe(item, seq);
        if (item.ChatId == 0) return true;
        var isCreated = item.Update.Facts.IsMessage && !item.ProjectionFailed && Project(item, seq);
        tail.Add(item.ChatId, seq, isCreated ? Projection.UniqueTelegramId(item.Update.Facts) : null);
        return true;
    }

    // The ids that the event's row names: its chat, its message, the message replied to.
    private void Locate(CommitItem item, long seq, long nowMs)
    {
        var update = item.Update;
        ref readonly var facts = ref update.Facts;
        if (item.ChatId == 0 && facts.TelegramChatId is { } telegramChatId)
            item.ChatId = chats.Resolve(update.BotId, telegramChatId, facts, update.Payload, nowMs);
        if (item.ChatId == 0) return;

        if (facts.ReplyToTelegramId is > 0) item.ReplyToMessageId = messages.Find(item.ChatId, facts.ReplyToTelegramId);
        if (!facts.IsMessage || facts.IsEdit) item.MessageId = messages.Find(item.ChatId, Projection.UniqueTelegramId(facts));
        if (facts.IsMessage && item.MessageId == 0) item.MessageId = seq;
    }

    private void Describe(CommitItem item, long seq)
    {
        var update = item.Update;
        if (item.ChatId == 0 || item.KnownChatId != 0 || item.ProjectionFailed || update.Facts.TelegramChatId is not { } telegramChatId) return;
        try
        {
            chats.Describe(update.BotId, telegramChatId, update.Facts, update.Payload);
        }
        catch (SqliteFault fault) when (fault.IsOfData)
        {
            Flag(item, seq);
        }
    }

    private bool Insert(CommitItem item, long seq, long nowMs)
    {
        var update = item.Update;
        insert.Bind(1, seq).Bind(2, update.BotId).BindId(3, item.ChatId).Bind(4, update.Facts.Kind).Bind(5, update.Facts.UpdateId)
            .BindId(6, item.MessageId).BindId(7, item.ReplyToMessageId).Bind(8, item.DedupKey).Bind(9, item.ProjectionFailed ? 1 : 0)
            .Bind(10, nowMs).BindBlob(11, update.Payload);
        return insert.Run() == 1;
    }

    private bool FindKey(CommitItem item, out long seq, out long createdAtMs)
    {
        findKey.Bind(1, item.Update.BotId).Bind(2, item.DedupKey);
        var isFound = findKey.Step();
        (seq, createdAtMs) = isFound ? (findKey.Int64(0), findKey.Int64(1)) : (0, 0);
        findKey.Reset();
        return isFound;
    }

    // True when the event created the message's row.
    private bool Project(CommitItem item, long seq)
    {
        try
        {
            if (item.MessageId == seq && messages.TryInsert(seq, item.ChatId, item.ReplyToMessageId, item.Update)) return true;
            if (item.MessageId == seq)
            {
                // An edit made the row before its original came, or Telegram told of one message under two update ids.
                item.MessageId = messages.Find(item.ChatId, Projection.UniqueTelegramId(item.Update.Facts));
                setMessage.Bind(1, seq).BindId(2, item.MessageId).Run();
            }

            messages.Update(item.MessageId, seq, item.Update);
        }
        catch (SqliteFault fault) when (fault.IsOfData)
        {
            Flag(item, seq);
        }

        return false;
    }

    private void Flag(CommitItem item, long seq)
    {
        item.ProjectionFailed = true;
        item.MessageId = 0;
        setFailed.Bind(1, seq).Run();
    }
}
