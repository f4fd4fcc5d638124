using Gateway.Messages;

namespace Gateway.Log.Sqlite;

/// <summary>Reads messages on a reader thread's connection. What is in a chat is walked in its two levels (decision note 0082); no index by chat is needed on the messages.</summary>
internal sealed class SqliteMessageReader(SqliteSession session)
{
    // Newest first, each from an index or primary key alone: the number of other chats' events does not matter.
    public const string ChatWalk = "SELECT seq FROM chat_events WHERE chat_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    public const string TailWalk = "SELECT seq FROM chat_tail WHERE chat_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    public const string BotWalk = "SELECT seq FROM events WHERE bot_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    public const string AllWalk = "SELECT id FROM messages WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
    public const string SearchWalk = "SELECT rowid FROM message_search WHERE message_search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3";

    public const string Row = """
        SELECT m.id, m.bot_id, m.chat_id, m.telegram_id, c.telegram_chat_id, m.direction, m.message_type, m.text, m.from_user_id, m.thread_id,
          m.media_group_id, m.reply_to_id, m.date_s, m.edit_date_s, m.last_seq
        FROM messages m JOIN chats c ON c.id = m.chat_id WHERE m.id = ?1
        """;

    public MessagePage Read(MessageQuery query)
    {
        session.Execute("BEGIN");
        try
        {
            var page = new MessagePageBuilder(query);
            while (page.NextCount > 0)
            {
                var candidates = FindCandidates(query, page.BeforeId, page.NextCount);
                foreach (var id in candidates)
                    if (ReadRow(id) is { } row) page.Add(row);
                page.EndRound(candidates.Count, candidates.Count > 0 ? candidates[^1] : 0);
            }

            return page.Build();
        }
        finally
        {
            session.TryRollback();
        }
    }

    public MessagePage Find(long messageId) => new(ReadRow(messageId) is { } row ? [row] : [], null);

    public UnindexedTexts ReadUnindexed()
    {
        session.Execute("BEGIN");
        try
        {
            var head = SqliteLogReader.HeadOf(session.Prepare(SqliteLogReader.HeadSql)).Seq;
            var cursor = session.Prepare("SELECT seq FROM search_cursor WHERE id = 1").Scalar() ?? 0;
            return ReadTexts(cursor, head);
        }
        finally
        {
            session.TryRollback();
        }
    }

    // Newest content only: a message that is edited later is met again at its edit's seq.
    private UnindexedTexts ReadTexts(long cursor, long head)
    {
        var texts = new List<UnindexedText>();
        var select = session.Prepare("""
            SELECT e.seq, m.id, m.bot_id, m.chat_id, m.text, m.thread_id
            FROM (SELECT seq, message_id FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2) e
            LEFT JOIN messages m ON m.id = e.message_id AND m.last_seq = e.seq ORDER BY e.seq
            """).Bind(1, cursor > head ? 0 : cursor).Bind(2, Limits.Search.StepEvents);
        var (through, events, characters) = (0L, 0, 0);
        while (characters < Limits.Search.StepCharacters && select.Step())
        {
            events++;
            through = select.Int64(0);
            if (select.IsNull(1)) continue;
            var text = select.IsNull(4) ? null : select.Text(4);
            characters += text?.Length ?? 0;
            texts.Add(new(select.Int64(1), select.Int64(2), select.Int64(3), select.IsNull(5) ? 0 : select.Int64(5), text, select.Int64(1) != through));
        }

        select.Reset();
        var isEnd = characters < Limits.Search.StepCharacters && events < Limits.Search.StepEvents;
        return new(cursor, isEnd ? head : through, head, texts);
    }

    private List<long> FindCandidates(MessageQuery query, long beforeId, int count)
    {
        var ids = new List<long>();
        if (query.Search is { } search)
        {
            Take(session.Prepare(SearchWalk).Bind(1, search.ToFts5(query)).Bind(2, beforeId).Bind(3, count), ids);
            return ids;
        }

        if (query.IsOfAll)
        {
            Take(session.Prepare(AllWalk).Bind(1, beforeId).Bind(2, count), ids);
            return ids;
        }

        foreach (var chat in query.WalkedChats)
        {
            Take(session.Prepare(ChatWalk).Bind(1, chat).Bind(2, beforeId).Bind(3, count), ids);
            Take(session.Prepare(TailWalk).Bind(1, chat).Bind(2, beforeId).Bind(3, count), ids);
        }

        foreach (var bot in query.BotIds ?? []) Take(session.Prepare(BotWalk).Bind(1, bot).Bind(2, beforeId).Bind(3, count), ids);
        return MessageCandidates.Merge(ids, count);
    }

    private static void Take(SqliteStatement walk, List<long> ids)
    {
        while (walk.Step()) ids.Add(walk.Int64(0));
    }

    private MessageRow? ReadRow(long id)
    {
        var row = session.Prepare(Row).Bind(1, id);
        if (!row.Step()) return null;
        var message = new MessageRow(row.Int64(0), row.Int64(1), row.Int64(2))
        {
            TelegramId = row.Int64(3),
            TelegramChatId = row.Int64(4),
            IsOutgoing = row.Int64(5) != 0,
            MessageType = Text(row, 6),
            Text = Text(row, 7),
            FromUserId = Number(row, 8),
            ThreadId = Number(row, 9),
            MediaGroupId = Text(row, 10),
            ReplyToId = row.Int64(11),
            DateSeconds = Number(row, 12),
            EditDateSeconds = Number(row, 13),
            LastSeq = row.Int64(14),
        };
        row.Reset();
        return message;
    }

    private static long? Number(SqliteStatement row, int column) => row.IsNull(column) ? null : row.Int64(column);

    private static string? Text(SqliteStatement row, int column) => row.IsNull(column) ? null : row.Text(column);
}
