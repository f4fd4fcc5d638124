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
    /// mode since the migration; a checkpoint that readers held up cuts the WAL back to 64 MiB. Each commit under load dirties some 500
    /// pages scattered over the chats' indexes: with SQLite's defaults (1,000 pages to a checkpoint, 2 MB of cache) every second commit
    /// paid a checkpoint's fsyncs. 8,192 pages (32 MiB) and 16 MiB of cache, filled only under load, measured 18,000 to 21,900 updates/s.
    /// </summary>
    public const string Log = "PRAGMA busy_timeout=1000; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=8192; PRAGMA cache_size=-16384;";
}
