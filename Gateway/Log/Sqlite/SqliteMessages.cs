using Gateway.Messages;

namespace Gateway.Log.Sqlite;

/// <summary>The messages projection. Belongs to the writer's thread.</summary>
internal sealed class SqliteMessages(SqliteSession session, SqliteChatTail tail)
{
    private readonly SqliteStatement insert = session.Prepare("""
        INSERT INTO messages (id, bot_id, chat_id, telegram_id, unique_telegram_id, message_type, text, from_user_id, thread_id,
          media_group_id, reply_to_id, date_s, edit_date_s, last_seq)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?1)
        """);

    private readonly SqliteStatement updateRow = session.Prepare("""
        UPDATE messages SET message_type = ?2, text = ?3, media_group_id = ?4, edit_date_s = ?5, last_seq = ?6
        WHERE id = ?1 AND COALESCE(edit_date_s, 0) <= ?7
        """);

    /// <summary>The gateway id of a chat's message, 0 when the log does not have it.</summary>
    public long Find(long chatId, long? uniqueTelegramId) =>
        uniqueTelegramId is { } id ? tail.Find(chatId, id) : 0;

    /// <summary>False when the chat has the message already.</summary>
    public bool TryInsert(long seq, long chatId, long replyToId, IncomingUpdate update)
    {
        ref readonly var facts = ref update.Facts;
        var uniqueTelegramId = Projection.UniqueTelegramId(facts);
        if (Find(chatId, uniqueTelegramId) != 0) return false;
        insert.Bind(1, seq).Bind(2, update.BotId).Bind(3, chatId).Bind(4, facts.TelegramMessageId ?? 0)
            .Bind(5, uniqueTelegramId).Bind(6, facts.MessageType)
            .Bind(8, facts.FromUserId).Bind(9, facts.ThreadId).BindId(11, replyToId)
            .Bind(12, facts.DateSeconds).Bind(13, facts.EditDateSeconds);
        SqliteText.Bind(insert, 7, facts.Text, update.Payload);
        SqliteText.Bind(insert, 10, facts.MediaGroupId, update.Payload);
        insert.Run();
        return true;
    }

    /// <summary>Brings the row to this state unless it holds a newer one.</summary>
    public void Update(long messageId, long seq, IncomingUpdate update)
    {
        ref readonly var facts = ref update.Facts;
        updateRow.Bind(1, messageId).Bind(2, facts.MessageType).Bind(5, facts.EditDateSeconds).Bind(6, seq).Bind(7, Projection.EditOrder(facts));
        SqliteText.Bind(updateRow, 3, facts.Text, update.Payload);
        SqliteText.Bind(updateRow, 4, facts.MediaGroupId, update.Payload);
        updateRow.Run();
    }
}
