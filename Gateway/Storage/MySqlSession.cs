using System.Globalization;
using Gateway.Messages;

namespace Gateway.Storage;

/// <summary>How every session on MySQL and MariaDB is set up, whatever the server's own configuration says.</summary>
internal static class MySqlSession
{
    /// <summary>
    /// Strict: a value that does not fit is an error, never cut. READ COMMITTED: a statement after the head lock sees what the lock
    /// waited for. The lock wait ends above the 2 s for which a frozen session can hold a lock. The net time-outs close on a client
    /// frozen in the middle of a packet.
    /// </summary>
    public static readonly string SetUp =
        "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout=" + Seconds(Limits.Storage.MySqlLockWait)
        + ", net_read_timeout=" + Seconds(Limits.Storage.MySqlFrozen) + ", net_write_timeout=" + Seconds(Limits.Storage.MySqlFrozenWrite)
        + "; SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; ";

    /// <summary>After so long without a request the server closes the session and rolls its transaction back.</summary>
    public static string WaitTimeout(TimeSpan idle) => "SET SESSION wait_timeout=" + Seconds(idle) + "; ";

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
}
