using System.Text;

namespace Gateway.Log.MySql;

/// <summary>
/// The slower path after a duplicate key: finds which items of a batch the log has already, and frees the keys of rows that are
/// too old to be the same update.
/// </summary>
internal sealed class DuplicateLookup
{
    private readonly record struct Key(long BotId, string DedupKey);

    private sealed record StoredEvent(long Seq, long CreatedAtMs, long ChatId, long MessageId, long ReplyToMessageId);

    private readonly Dictionary<Key, StoredEvent> stored = [];
    private readonly Dictionary<Key, CommitItem> inBatch = [];
    private readonly List<CommitItem> repeated = [];
    private readonly List<long> renamed = [];

    /// <summary>
    /// Fills <paramref name="fresh"/> with the items that are new; the others get the status and result of a duplicate, those that
    /// repeat an item of the same batch in <see cref="CompleteRepeated"/>.
    /// </summary>
    public async ValueTask SplitAsync(MySqlCommitSession session, IReadOnlyList<CommitItem> items, List<CommitItem> fresh, long nowMs)
    {
        Clear();
        await session.ReadAsync(Query(items), row => this.stored[new Key(row.GetInt64(1), row.GetString(2))] = new StoredEvent(
            row.GetInt64(0), row.GetInt64(3), Id(row, 4), Id(row, 5), Id(row, 6)));

        foreach (CommitItem item in items)
        {
            var key = new Key(item.Update.BotId, item.DedupKey);
            if (this.stored.TryGetValue(key, out StoredEvent? stored))
            {
                if (!Projection.IsKeyFreeAgain(stored.CreatedAtMs, nowMs))
                {
                    SetDuplicate(item, stored);
                    continue;
                }

                renamed.Add(stored.Seq);
                this.stored.Remove(key);
            }

            if (inBatch.TryAdd(key, item)) fresh.Add(item);
            else repeated.Add(item);
        }

        if (renamed.Count > 0)
            await session.ExecuteAsync(new StringBuilder("UPDATE events SET dedup_key=CONCAT(dedup_key,'#',seq) WHERE seq IN ").AppendList(renamed).ToString());
    }

    /// <summary>After the fresh items have their results.</summary>
    public void CompleteRepeated()
    {
        foreach (CommitItem item in repeated)
        {
            CommitItem first = inBatch[new Key(item.Update.BotId, item.DedupKey)];
            SetDuplicate(item, new StoredEvent(first.Seq, 0, first.ChatId, first.MessageId, first.ReplyToMessageId));
        }
    }

    public void Clear()
    {
        stored.Clear();
        inBatch.Clear();
        repeated.Clear();
        renamed.Clear();
    }

    private static void SetDuplicate(CommitItem item, StoredEvent stored)
    {
        item.Status = CommitStatus.Duplicate;
        item.Seq = stored.Seq;
        item.ChatId = stored.ChatId;
        item.MessageId = stored.MessageId;
        item.ReplyToMessageId = stored.ReplyToMessageId;
    }

    private static string Query(IReadOnlyList<CommitItem> items)
    {
        // Named: a guess from old statistics must never become a scan while the head is locked.
        var sql = new StringBuilder("SELECT seq, bot_id, dedup_key, created_at_ms, chat_id, message_id, reply_to_id FROM events FORCE INDEX (events_dedup) WHERE ");
        long botId = 0;
        bool isFirst = true;
        // Neighbours of one bot share a list; a batch in which bots alternate only has more lists.
        foreach (CommitItem item in items)
        {
            if (!isFirst && item.Update.BotId == botId)
            {
                sql.Append(',').AppendLiteral(item.DedupKey);
                continue;
            }

            botId = item.Update.BotId;
            sql.Append(isFirst ? "(" : ")) OR (").Append("bot_id=").AppendNumber(botId).Append(" AND dedup_key IN (").AppendLiteral(item.DedupKey);
            isFirst = false;
        }

        return sql.Append("))").ToString();
    }

    private static long Id(MySqlConnector.MySqlDataReader row, int column) => row.IsDBNull(column) ? 0 : row.GetInt64(column);
}
