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
}
