using System.Text;
using Gateway.Messages;

namespace Gateway.Log.MySql;

/// <summary>
/// Gateway ids of chats, remembered over batches. What a transaction learns or makes counts only after its commit
/// (<see cref="Accept"/>): an id from a rolled-back INSERT is given to another chat later.
/// </summary>
internal sealed class MySqlChats(ILogger logger)
{
    private readonly Dictionary<ChatKey, KnownChat> known = [];
    private readonly Dictionary<ChatKey, KnownChat> pending = [];
    private readonly Dictionary<ChatKey, CommitItem> missing = [];
    private readonly List<(long Id, ChatDescription Description)> changed = [];

    /// <param name="Fingerprint">Of the description last written or seen; 0: not compared yet.</param>
    private readonly record struct KnownChat(long Id, int Fingerprint);

    /// <summary>Another connection may reach another database: nothing known holds.</summary>
    public void Forget()
    {
        known.Clear();
        pending.Clear();
    }

    public void BeginBatch() => pending.Clear();

    public void Accept()
    {
        if (known.Count + pending.Count > Limits.Log.CachedChats) known.Clear();
        foreach ((ChatKey key, KnownChat chat) in pending) known[key] = chat;
        pending.Clear();
    }

    /// <summary>Sets the chat of every item that has one, making rows that are not there; changed titles go to the session's closing statements.</summary>
    /// <param name="isCareful">
    /// A chat or a title that the engine refuses costs only itself: a refused chat's items stay without, a refused title is left as it is.
    /// </param>
    public async ValueTask ResolveAsync(MySqlCommitSession session, List<CommitItem> items, long nowMs, bool isCareful)
    {
        missing.Clear();
        changed.Clear();
        foreach (CommitItem item in items)
        {
            if (!HasChat(item)) continue;
            ChatKey key = ChatKey.Of(item.Update);
            if (!TryGet(key, out KnownChat chat)) missing[key] = item;
            else if (ChatDescription.Fingerprint(item.Update) is var print && print != 0 && print != chat.Fingerprint)
            {
                changed.Add((chat.Id, ChatDescription.Of(item.Update)));
                pending[key] = chat with { Fingerprint = print };
            }
        }

        if (missing.Count > 0) await FindAsync(session);
        if (missing.Count > 0) await MakeAsync(session, nowMs, isCareful);
        await DescribeAsync(session, isCareful);
        Assign(items);
    }

    // Those that are not known stay zero.
    private void Assign(List<CommitItem> items)
    {
        foreach (CommitItem item in items)
        {
            if (HasChat(item)) item.ChatId = TryGet(ChatKey.Of(item.Update), out KnownChat chat) ? chat.Id : 0;
        }
    }

    private static bool HasChat(CommitItem item) => item is { KnownChatId: 0, ProjectionFailed: false } && item.Update.Facts.TelegramChatId is not null;

    private bool TryGet(ChatKey key, out KnownChat chat) => pending.TryGetValue(key, out chat) || known.TryGetValue(key, out chat);

    private async ValueTask MakeAsync(MySqlCommitSession session, long nowMs, bool isCareful)
    {
        try
        {
            await session.ExecuteAsync(InsertOf(missing, nowMs));
        }
        catch (Exception e) when (isCareful && MySqlErrors.IsOfData(e))
        {
            foreach (KeyValuePair<ChatKey, CommitItem> chat in missing) await TryAsync(session, InsertOf([chat], nowMs));
        }

        // Asked for, not computed from LAST_INSERT_ID: with several writable nodes the ids of one statement are not consecutive.
        await FindAsync(session);
    }

    private static string InsertOf(IEnumerable<KeyValuePair<ChatKey, CommitItem>> chats, long nowMs)
    {
        var sql = new StringBuilder("INSERT INTO chats (bot_id,telegram_chat_id,realm,type,title,username,created_at_ms) VALUES ");
        string comma = "";
        foreach ((ChatKey key, CommitItem item) in chats)
        {
            ChatDescription description = ChatDescription.Of(item.Update);
            sql.Append(comma).Append('(').AppendNumber(key.BotId).Append(',').AppendNumber(key.TelegramId).Append(',').AppendLiteral(key.Realm)
                .Append(',').AppendLiteral(description.Type).Append(',').AppendLiteral(description.Title).Append(',').AppendLiteral(description.Username)
                .Append(',').AppendNumber(nowMs).Append(')');
            comma = ",";
        }

        return sql.ToString();
    }

    private async ValueTask DescribeAsync(MySqlCommitSession session, bool isCareful)
    {
        foreach ((long id, ChatDescription description) in changed)
        {
            if (!isCareful) description.AppendUpdate(session.Closing, id);
            else await TryAsync(session, description.AppendUpdate(new StringBuilder(), id).ToString());
        }
    }

    private async ValueTask TryAsync(MySqlCommitSession session, string sql)
    {
        try
        {
            await session.ExecuteAsync(sql);
        }
        catch (Exception e) when (MySqlErrors.IsOfData(e))
        {
            MySqlLog.ChatRefused(logger, e.Message);
        }
    }

    private async ValueTask FindAsync(MySqlCommitSession session)
    {
        var sql = new StringBuilder("SELECT id, bot_id, telegram_chat_id, realm, type, title, username FROM chats FORCE INDEX (chats_identity) WHERE ");
        string or = "";
        foreach (ChatKey key in missing.Keys)
        {
            sql.Append(or).Append("(bot_id=").AppendNumber(key.BotId).Append(" AND telegram_chat_id=").AppendNumber(key.TelegramId)
                .Append(" AND realm=").AppendLiteral(key.Realm).Append(')');
            or = " OR ";
        }

        await session.ReadAsync(sql.ToString(), row =>
        {
            var key = new ChatKey(row.GetInt64(1), row.GetInt64(2), row.GetString(3));
            if (!missing.Remove(key, out CommitItem? item)) return;
            long id = row.GetInt64(0);
            int print = ChatDescription.Fingerprint(item.Update);
            pending[key] = new KnownChat(id, print);
            var stored = new ChatDescription(Text(row, 4), Text(row, 5), Text(row, 6));
            if (print != 0 && ChatDescription.Of(item.Update) is var seen && seen != stored) changed.Add((id, seen));
        });
    }

    private static string? Text(MySqlConnector.MySqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
