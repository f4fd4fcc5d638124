namespace Gateway.Messages;

/// <summary>The bounds of what surrounds the way of an update: access, telemetry, the process and its commands.</summary>
internal static partial class Limits
{
    /// <summary>Credentials and grants.</summary>
    internal static class Access
    {
        /// <summary>How often the control version row is read.</summary>
        public static readonly TimeSpan VersionPoll = TimeSpan.FromMilliseconds(250);

        /// <summary>
        /// Between the beginnings of two reads of the version row when somebody waits for one (an unknown webhook secret, a chat that may not be read).
        /// Sooner: the read waits. So made-up secrets from any number of addresses make at most 20 reads of one row a second, and none waits long.
        /// </summary>
        public static readonly TimeSpan FreshReadPause = TimeSpan.FromMilliseconds(50);

        /// <summary>
        /// How long a request waits for such a read: four statements at their <see cref="ReadTimeout"/>, version and grants of a read that is on its
        /// way and of the next. Over it: it cannot be checked now (503).
        /// </summary>
        public static readonly TimeSpan FreshReadWait = TimeSpan.FromSeconds(3);

        /// <summary>Requests waiting for such a read. Over it: it cannot be checked now (503).</summary>
        public const int FreshReadWaiters = 1024;

        /// <summary>Permissions known to be current longer ago than this: delivery holds (law L7).</summary>
        public static readonly TimeSpan VersionStale = TimeSpan.FromSeconds(1);

        /// <summary>One read of control data. Over it: the connection is given up and the read counts as failed.</summary>
        public static readonly TimeSpan ReadTimeout = TimeSpan.FromMilliseconds(750);

        /// <summary>
        /// A presented key: <c>tgw_</c>, up to 19 digits, <c>_</c>, 54 characters make 78. Longer: rejected without a look.
        /// </summary>
        public const int KeyTextChars = 128;

        /// <summary>
        /// Argon2id memory and passes: 7 MiB and 5 are the smallest of OWASP's equivalent settings. A key has 256 random bits, so the cost protects
        /// nothing that could be guessed; the smallest memory keeps verification from pushing an idle gateway over its 20 MB.
        /// </summary>
        public const int Argon2MemoryKiB = 7168;

        public const int Argon2Passes = 5;

        /// <summary>Argon2 runs at once; more wait. Two use at most two cores and 14 MiB.</summary>
        public const int ConcurrentVerifications = 2;

        /// <summary>Key ids under verification or waiting for it. Over it: the credential cannot be checked now (503, 4103).</summary>
        public const int WaitingVerifications = 256;

        /// <summary>Verified keys remembered; as many refused ones. Over it: an arbitrary one is forgotten and verified again when it comes back.</summary>
        public const int VerifiedKeys = 10_000;

        /// <summary>Key ids named in one reload statement; more principals take more statements.</summary>
        public const int ReloadKeys = 200;

        /// <summary>Bots of one step of a master key's replacement: two small updates each keep the transaction under the 50 ms that a command may take.</summary>
        public const int RotationBots = 50;

        /// <summary>
        /// Replaced master keys whose API keys are still taken; a made-up key is hashed once for each, a quarter of a microsecond. Over it: the next
        /// replacement is refused until the API keys from before the oldest have been revoked.
        /// </summary>
        public const int RetiredApiKeyTags = 16;

        /// <summary>How long access tokens signed under a replaced master key are taken, several times their life. Over it: they have expired anyhow.</summary>
        public static readonly TimeSpan RetiredSigningKey = TimeSpan.FromHours(1);

        /// <summary>
        /// Calls a second that one principal may make for as long as it likes, unless its key or the options say otherwise. Over it and the burst: 429
        /// <c>RATE_LIMITED</c>, on a socket an error frame.
        /// </summary>
        public const int RequestsPerSecond = 100;

        /// <summary>Calls that a principal may make at once after a rest. Over it: as above.</summary>
        public const int RequestBurst = 200;

        /// <summary>The highest rate that a key may be given, about what one process answers on many cores. Over it: refused where it is set.</summary>
        public const int RequestsPerSecondMost = 100_000;

        /// <summary>The largest burst that a key may be given, ten seconds of the highest rate. Over it: refused where it is set.</summary>
        public const int RequestBurstMost = 1_000_000;

        /// <summary>Budgets that are looked through for those whose principal is gone. Twice what was left then: looked through again.</summary>
        public const int RateBudgets = 1_024;

        /// <summary>Keys whose last use waits to be written. Over it: the use of a key that is not among them is not noted.</summary>
        public const int KeyUsageStamps = 10_000;

        /// <summary>How often they are written.</summary>
        public static readonly TimeSpan KeyUsageFlush = TimeSpan.FromSeconds(5);

        /// <summary>The finest step of a key's last use: within it no call notes it again.</summary>
        public static readonly TimeSpan KeyUsageGrain = TimeSpan.FromSeconds(1);

        /// <summary>Stamps in one transaction, a few milliseconds of SQLite's write lock. More take more transactions.</summary>
        public const int KeyUsageStep = 200;

        /// <summary>Webhook secrets, characters: 22 of base64url are 128 bits. Shorter: <c>bot add</c> takes it and warns.</summary>
        public const int WebhookSecretGoodChars = 22;

        /// <summary>A chat's label; the column is VARCHAR(256). Longer: 400 <c>VALIDATION_FAILED</c>.</summary>
        public const int ChatLabelCharacters = 256;

        /// <summary>
        /// Links followed from a group to the supergroup that it became, of which Telegram makes one. More, or a circle: the chat where it stops is taken.
        /// </summary>
        public const int ChatMigrations = 8;

        /// <summary>How long an access token is good. Then the client refreshes; streams opened with it close with 4102.</summary>
        public static readonly TimeSpan AccessTokenLife = TimeSpan.FromMinutes(15);

        /// <summary>How far the clocks of two replicas may lie apart without one refusing what the other just issued. A token is taken that much longer.</summary>
        public static readonly TimeSpan TokenClockSkew = TimeSpan.FromSeconds(5);

        /// <summary>A presented access token; ours have under 400. Longer: rejected without a look.</summary>
        public const int AccessTokenChars = 1024;

        /// <summary>How long a refresh token is good, and with it a session that nobody uses. Then: log in again.</summary>
        public static readonly TimeSpan RefreshTokenLife = TimeSpan.FromDays(7);

        /// <summary>How long a ticket is good; a page opens its stream at once after it asked for one. Then: rejected.</summary>
        public static readonly TimeSpan TicketLife = TimeSpan.FromSeconds(30);

        /// <summary>Live sessions of one user. One more: the oldest ends.</summary>
        public const int SessionsPerUser = 100;

        /// <summary>How often expired sessions, refresh tokens and tickets are deleted.</summary>
        public static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(10);

        /// <summary>Rows that one transaction of it deletes, a few milliseconds of the write lock. More: in the next.</summary>
        public const int SweepRows = 500;

        /// <summary>
        /// BCrypt's rounds, 2^10: some 50 ms. Logins are limited per address and account, so the work guards stolen hashes only.
        /// </summary>
        public const int PasswordWorkFactor = 10;

        /// <summary>Shorter passwords are refused when they are set (NIST SP 800-63B).</summary>
        public const int PasswordLeastBytes = 8;

        /// <summary>BCrypt reads this many. Longer ones are refused when they are set, and wrong at login.</summary>
        public const int PasswordMostBytes = 72;

        /// <summary>BCrypt runs at once; more wait. One leaves a machine of two cores the other.</summary>
        public const int ConcurrentPasswordChecks = 1;

        /// <summary>Passwords under check or waiting for it, some three seconds of work. Over it: cannot be checked now (503).</summary>
        public const int WaitingPasswordChecks = 64;

        /// <summary>What a login is told to wait that finds <see cref="WaitingPasswordChecks"/> before it.</summary>
        public static readonly TimeSpan LoginRetryAfter = TimeSpan.FromSeconds(3);

        /// <summary>Wrong passwords of one address within <see cref="LoginAddressWindow"/>. More: 429 with <c>Retry-After</c>.</summary>
        public const int LoginsPerAddress = 20;

        public static readonly TimeSpan LoginAddressWindow = TimeSpan.FromMinutes(1);

        /// <summary>
        /// Refreshes of one address within <see cref="LoginAddressWindow"/>: ten small transactions a second, and nine thousand users behind one proxy at
        /// one refresh in a quarter of an hour each. More: 429 with <c>Retry-After</c>, and the token stays unused.
        /// </summary>
        public const int RefreshesPerAddress = 600;

        /// <summary>
        /// Wrong passwords for one account from all addresses without a session of it together, and from each with one, within <see cref="LoginAccountWindow"/>: 1,920 guesses a day at a
        /// password, whatever the number of addresses. More: 429 with <c>Retry-After</c>, for such addresses only.
        /// </summary>
        public const int LoginsPerAccount = 20;

        public static readonly TimeSpan LoginAccountWindow = TimeSpan.FromMinutes(15);

        /// <summary>Addresses, and as many accounts, whose wrong passwords are counted apart (a few hundred KB). More: the newcomers share one count.</summary>
        public const int LoginCounts = 10_000;

        /// <summary>Counts of denials kept in memory until their minute is over and written; each is some 300 bytes. Over it: dropped and counted.</summary>
        public const int AuditDenials = 4096;

        /// <summary>Names and targets of denials in the audit log, whose columns are VARCHAR(128). Longer: cut, it may be what a stranger typed.</summary>
        public const int AuditTextChars = 128;

        /// <summary>A denial that is counted for the first time is in the audit log after this.</summary>
        public static readonly TimeSpan AuditFlush = TimeSpan.FromSeconds(1);

        /// <summary>By how much a row of the audit log may be written later than its time says. Later: it is dated back by no more than this.</summary>
        public static readonly TimeSpan AuditDisorder = TimeSpan.FromMinutes(10);

        /// <summary>Rows of the audit log that a page with a filter looks at. Over it: the page ends there, empty or not, and the next goes on.</summary>
        public const int AuditScan = 20_000;

        /// <summary>Rows of the audit log written or deleted in one transaction: some milliseconds. More: the next transaction.</summary>
        public const int AuditStep = 256;

        /// <summary>Between two steps of deleting, so that commits of events get their turn.</summary>
        public static readonly TimeSpan AuditPause = TimeSpan.FromMilliseconds(50);

        /// <summary>Between looks for what the audit log keeps no longer.</summary>
        public static readonly TimeSpan AuditRetentionInterval = TimeSpan.FromHours(1);
    }

    /// <summary>What the gateway says about itself.</summary>
    internal static class Telemetry
    {
        /// <summary>Log lines waiting to be written. Full: the line is dropped and counted; no stage waits for its log.</summary>
        public const int LogQueueLines = 4096;

        /// <summary>How long the end of the process waits for the last lines. Over it: they are lost.</summary>
        public static readonly TimeSpan LogFlush = TimeSpan.FromSeconds(2);

        /// <summary>Tag combinations of one instrument. Over it: measurements go to the series <c>other</c>, so that a tag with unexpected values costs no memory.</summary>
        public const int SeriesPerInstrument = 256;
    }

    /// <summary>The process: start and ordered end. The deadlines add up to under 40 s; orchestrators should wait 60.</summary>
    internal static class Hosting
    {
        /// <summary>How long a start waits for a database that does not answer. Over it: exit code 3, for the orchestrator to start again.</summary>
        public static readonly TimeSpan DatabaseWait = TimeSpan.FromSeconds(30);

        /// <summary>Between two tries of the above.</summary>
        public static readonly TimeSpan DatabaseRetry = TimeSpan.FromMilliseconds(500);

        /// <summary>Bytes of a file with one secret; the longest, a database URL, has some hundred. Over it: refused, it is the wrong file.</summary>
        public const int SecretFileBytes = 64 * 1024;

        /// <summary>Connections at once, and upgraded ones apart. Over it: Kestrel closes new ones at accept. Configurable, downwards.</summary>
        public const int Connections = 100_000;

        /// <summary>The longest wait for a balancer to see that <c>/ready</c> is false, none by default; it comes on top of the deadlines below. More: refused at start.</summary>
        public static readonly TimeSpan Drain = TimeSpan.FromMinutes(2);

        /// <summary>Stopping what brings work in (pollers). Over it: left behind.</summary>
        public static readonly TimeSpan StopInputs = TimeSpan.FromSeconds(5);

        /// <summary>Telling streams to come back elsewhere (4101), with jitter. Over it: cut.</summary>
        public static readonly TimeSpan CloseStreams = TimeSpan.FromSeconds(8);

        /// <summary>Requests in flight (updates being committed, pulls). Over it: cut; Telegram sends those updates again.</summary>
        public static readonly TimeSpan DrainRequests = TimeSpan.FromSeconds(10);

        /// <summary>Committing what is queued. Over it: those updates were not acknowledged and come again.</summary>
        public static readonly TimeSpan DrainCommits = TimeSpan.FromSeconds(10);

        /// <summary>Any other loop. Over it: left behind.</summary>
        public static readonly TimeSpan StopStage = TimeSpan.FromSeconds(2);
    }

    /// <summary>The commands besides serve.</summary>
    internal static class Cli
    {
        /// <summary>One question of <c>doctor</c> to Telegram, shorter than <see cref="Ingest.CallWait"/>: it has more to tell. Over it: a warning, and no other bot is asked.</summary>
        public static readonly TimeSpan DoctorAnswer = TimeSpan.FromSeconds(5);

        /// <summary>How far the clocks of gateway and database may lie apart. Over it: <c>doctor</c> warns.</summary>
        public const int ClockSeconds = 2;

        /// <summary>How long before an API key expires <c>doctor</c> warns. Over it: it says nothing yet.</summary>
        public static readonly TimeSpan KeyExpiryNotice = TimeSpan.FromDays(7);

        /// <summary>Free under the data folder, a day of a busy bot. Less, or less than Log:MinFreeMegabytes: <c>doctor</c> warns.</summary>
        public const int DiskMegabytes = 1024;

        /// <summary>Bytes of a file for <c>apply</c>, some ten thousand entries. Over it: refused.</summary>
        public const int ConfigurationBytes = 1024 * 1024;

        /// <summary>Lists and blocks within each other in it; a configuration has four. Over it: refused, for reading it uses the stack.</summary>
        public const int ConfigurationDepth = 16;

        /// <summary>The running gateway's answer to <c>health</c>. Over it: not well. Below the 3 s that container engines give a health check.</summary>
        public static readonly TimeSpan HealthAnswer = TimeSpan.FromSeconds(2);
    }
}
