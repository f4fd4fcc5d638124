using System.Runtime.InteropServices;
using System.Text;
using Gateway.Messages;

namespace Gateway.Log.MySql;

/// <summary>
/// Which message each event of a batch is about and answers: rows of the database, fetched by one query, and rows that the
/// batch itself makes. Valid for one attempt of one batch.
/// </summary>
internal sealed class MessageIndex
{
    private readonly record struct Key(long ChatId, long TelegramId);

    private readonly Dictionary<Key, MessageState> known = [];
    private readonly List<MessageState> inserts = [];
    private readonly List<MessageState> updates = [];
    private readonly List<Key> wanted = [];

    /// <summary>Rows to insert, in seq order.</summary>
    public List<MessageState> Inserts => inserts;

    public void Clear()
    {
        known.Clear();
        inserts.Clear();
        updates.Clear();
        wanted.Clear();
    }

    /// <summary>
    /// Fetches the rows that edits, replies and other kinds refer to. A new message's own row is looked for only with
    /// <paramref name="lookFirst"/>: else its unique key says so, which happens about never.
    /// </summary>
    public async ValueTask LoadAsync(MySqlCommitSession session, List<CommitItem> items, bool lookFirst)
    {
        foreach (CommitItem item in items)
        {
            if (item.ChatId == 0 || item.ProjectionFailed) continue;
            ref readonly UpdateFacts facts = ref item.Update.Facts;
            long unique = Projection.UniqueTelegramId(facts) ?? 0;
            if (unique > 0 && (lookFirst || facts.IsEdit || !facts.IsMessage)) wanted.Add(new Key(item.ChatId, unique));
            if (facts.ReplyToTelegramId > 0) wanted.Add(new Key(item.ChatId, facts.ReplyToTelegramId.Value));
        }

        if (wanted.Count == 0) return;
        wanted.Sort(static (a, b) => a.ChatId != b.ChatId ? a.ChatId.CompareTo(b.ChatId) : a.TelegramId.CompareTo(b.TelegramId));
        await session.ReadAsync(Query(), row =>
            known[new Key(row.GetInt64(0), row.GetInt64(1))] = new MessageState(row.GetInt64(2), row.IsDBNull(3) ? 0 : row.GetInt64(3)));
    }

    /// <summary>Sets the item's message ids and plans what happens to the row. Called in seq order.</summary>
    public void Assign(CommitItem item)
    {
        if (item.ChatId == 0 || item.ProjectionFailed) return;
        ref readonly UpdateFacts facts = ref item.Update.Facts;
        if (facts.ReplyToTelegramId > 0 && known.TryGetValue(new Key(item.ChatId, facts.ReplyToTelegramId.Value), out MessageState? answered))
            item.ReplyToMessageId = answered.Id;

        long unique = Projection.UniqueTelegramId(facts) ?? 0;
        if (unique == 0)
        {
            if (facts.IsMessage) Insert(item);
            return;
        }

        ref MessageState? state = ref CollectionsMarshal.GetValueRefOrAddDefault(known, new Key(item.ChatId, unique), out bool isKnown);
        if (isKnown) Meet(state!, item);
        else if (facts.IsMessage) state = Insert(item);
        else known.Remove(new Key(item.ChatId, unique));
    }

    /// <summary>Rows of the database that get a new state.</summary>
    public List<MessageState> Updates => updates;

    private MessageState Insert(CommitItem item)
    {
        var message = new MessageState(item.Seq, Projection.EditOrder(item.Update.Facts)) { Origin = item, Content = item };
        item.MessageId = item.Seq;
        inserts.Add(message);
        return message;
    }

    private void Meet(MessageState message, CommitItem item)
    {
        item.MessageId = message.Id;
        if (!item.Update.Facts.IsMessage) return;
        long order = Projection.EditOrder(item.Update.Facts);
        if (order < message.EditedAtSeconds) return;
        if (message.Origin is null && message.Content is null) updates.Add(message);
        message.Content = item;
        message.EditedAtSeconds = order;
    }

    private string Query()
    {
        // Named: a guess from old statistics must never become a scan while the head is locked.
        var sql = new StringBuilder("SELECT chat_id, unique_telegram_id, id, edit_date_s FROM messages FORCE INDEX (messages_identity) WHERE ");
        for (int i = 0; i < wanted.Count; i++)
        {
            Key key = wanted[i];
            if (i > 0 && wanted[i - 1].ChatId == key.ChatId)
            {
                sql.Append(',').AppendNumber(key.TelegramId);
                continue;
            }

            sql.Append(i > 0 ? ")) OR (" : "(").Append("chat_id=").AppendNumber(key.ChatId).Append(" AND unique_telegram_id IN (").AppendNumber(key.TelegramId);
        }

        return sql.Append("))").ToString();
    }
}
