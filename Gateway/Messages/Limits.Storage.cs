namespace Gateway.Messages;

internal static partial class Limits
{
    /// <summary>The database as a whole.</summary>
    internal static class Storage
    {
        /// <summary>
        /// How long a control statement waits for SQLite's write lock. The log's commits and the command line's transactions stay
        /// under 50 ms, so a longer wait is a stuck process. Over it: the statement fails as "database away".
        /// </summary>
        public static readonly TimeSpan SqliteBusy = TimeSpan.FromSeconds(5);

        /// <summary>MySQL connections for reads and control statements, the committer's own not counted. All in use: callers wait, then get "database away".</summary>
        public const int MySqlPoolConnections = 24;

        /// <summary>
        /// The least <c>max_allowed_packet</c>: the largest INSERT carries <see cref="Log.BatchBytes"/>, the text of a request with escapes
        /// twice what its edits have. A smaller one is an error at start and in <c>doctor</c>.
        /// </summary>
        public const long MySqlPacketBytes = 2L * Log.BatchBytes;

        /// <summary>Opening a MySQL connection. Over it: "database away".</summary>
        public static readonly TimeSpan MySqlConnect = TimeSpan.FromSeconds(3);

        /// <summary>One MySQL request, above the longest lock wait. Over it: the connection is closed, the commit is tried again or the read fails.</summary>
        public static readonly TimeSpan MySqlCommand = TimeSpan.FromSeconds(5);

        /// <summary>Waiting for a row lock. Over it: rolled back and tried again.</summary>
        public static readonly TimeSpan MySqlLockWait = TimeSpan.FromSeconds(3);

        /// <summary>
        /// Silence of a client inside a transaction of the committer, or inside a packet, after which the server closes its session and
        /// frees its locks: what a frozen process can cost the others (law L6).
        /// </summary>
        public static readonly TimeSpan MySqlFrozen = TimeSpan.FromSeconds(2);

        /// <summary>A client that does not take its answer. A history page of 4 MiB passes in this over 400 KiB/s. Over it: the server closes.</summary>
        public static readonly TimeSpan MySqlFrozenWrite = TimeSpan.FromSeconds(10);

        /// <summary>Idle pooled MySQL sessions. Over it: closed by the server, with whatever a frozen process holds in them; reopened on use.</summary>
        public static readonly TimeSpan MySqlPooledIdle = TimeSpan.FromSeconds(10);

        /// <summary>Idle time of the committer's session between transactions: MySQL's own default.</summary>
        public static readonly TimeSpan MySqlCommitterIdle = TimeSpan.FromHours(8);

        /// <summary>How long a starting process waits for another one that migrates. Over it: refuses to start.</summary>
        public static readonly TimeSpan MigrationLock = TimeSpan.FromSeconds(30);
    }
}
