namespace Gateway.Storage;

/// <summary>How every SQLite connection is set up.</summary>
internal static class SqlitePragmas
{
    /// <summary>
    /// busy_timeout first, because the switch to WAL takes a lock. synchronous=FULL: WAL with NORMAL loses the last commits at a power
    /// cut, and an update that Telegram was told to forget must not be among them (law L1).
    /// </summary>
    public const string Control =
        "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";

    /// <summary>
    /// For the log's own connections. The wait for another writer is short: the committer tries the same batch again. The file is in WAL
    /// mode since the migration; a checkpoint that readers held up cuts the WAL back to 64 MiB.
    /// </summary>
    public const string Log = "PRAGMA busy_timeout=1000; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;";

    /// <summary>
    /// For the one connection that writes the log, besides <see cref="Log"/>. The checkpointer moves the WAL, never a commit. A cache of
    /// 64 MiB (negative: KiB; taken as it is needed) holds the warm pages of the indexes and of <c>chat_messages</c>: with the default
    /// of 2 MiB nearly each look for a message by its Telegram id would read its page from the file again.
    /// </summary>
    public const string LogWriter = "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-65536;";

    /// <summary>
    /// Around a transaction of data that can be made anew, on a connection that else syncs: it is still written in order and whole, but only
    /// the next commit waits for the disk.
    /// </summary>
    public const string SyncLater = "PRAGMA synchronous=NORMAL;";

    /// <summary>Back to what <see cref="Log"/> says.</summary>
    public const string SyncNow = "PRAGMA synchronous=FULL;";
}
