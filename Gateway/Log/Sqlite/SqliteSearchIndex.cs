using Gateway.Storage;

namespace Gateway.Log.Sqlite;

/// <summary>
/// Writes the full-text index, on the log writer's thread and connection: a connection of its own would hold the commits off with
/// SQLite's one write lock just as well, and make the writer throw away its page cache after every step.
/// </summary>
internal sealed class SqliteSearchIndex(SqliteSession session)
{
    /// <summary>False: the cursor is not where the step began; nothing was written.</summary>
    public bool Write(IndexStep step)
    {
        // Not worth an fsync: the step is in the write-ahead log behind the commits it is about, and after a power cut it is done again.
        session.Execute(SqlitePragmas.SyncLater);
        session.Execute("BEGIN IMMEDIATE");
        var isOurs = session.Prepare("UPDATE search_cursor SET seq = ?2 WHERE id = 1 AND seq = ?1").Bind(1, step.Cursor).Bind(2, step.ThroughSeq).Run() == 1;
        if (isOurs)
            foreach (var message in step.Messages) Write(message);
        session.Execute(isOurs ? "COMMIT" : "ROLLBACK");
        session.Execute(SqlitePragmas.SyncNow);
        return isOurs;
    }

    /// <summary>Inside retention's transaction.</summary>
    public static void Delete(SqliteSession session, long messageId) =>
        session.Prepare("DELETE FROM message_search WHERE rowid = ?1").Bind(1, messageId).Run();

    private void Write(IndexedMessage message)
    {
        if (message.Terms.Length == 0)
        {
            Delete(session, message.MessageId);
            return;
        }

        // Only while the message is there: retention may have deleted it since it was read, and nobody would ever take it out again.
        session.Prepare("INSERT OR REPLACE INTO message_search (rowid, terms) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM messages WHERE id = ?1)")
            .Bind(1, message.MessageId).Bind(2, message.Terms).Run();
    }
}
