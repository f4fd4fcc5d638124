namespace Gateway.Messages;

/// <summary>
/// Every bound of the gateway, by stage, with what happens when it is reached (law L8). Nothing elsewhere may
/// hold a size, count or time of its own: a reader finds all of them here, and a test finds all of them tested.
/// </summary>
internal static partial class Limits
{
    /// <summary>The front door: what any request may be.</summary>
    internal static class Http
    {
        /// <summary>
        /// What the server itself lets through, chunked bodies included: above every bound of our own, so that our 413 with its reason is the
        /// usual answer, and what is read in vain after it stays small. Over it: 413 as well.
        /// </summary>
        public const long ServerBodyBytes = 2 * 1024 * 1024;

        /// <summary>The first buffer for a body of unknown length; it doubles from there to the bound.</summary>
        public const int FirstBodyBytes = 16 * 1024;

        /// <summary>Method, path and query. Over it: 414. A subscription by query names at most a few hundred chats.</summary>
        public const int RequestLineBytes = 16 * 1024;

        /// <summary>All request headers together. Over it: 431.</summary>
        public const int HeaderBytes = 32 * 1024;

        /// <summary>Request headers in number. Over it: 431.</summary>
        public const int Headers = 100;

        /// <summary>
        /// Entries of <c>X-Forwarded-For</c> that are looked at, from its right end: several times the proxies that stand in a row anywhere, and few
        /// against the thousands that fit into <see cref="HeaderBytes"/>. All of them trusted proxies: the last one that was looked at counts as the client.
        /// </summary>
        public const int ForwardedAddresses = 16;

        /// <summary>From the first byte of a request to the end of its headers. Longer: 408.</summary>
        public static readonly TimeSpan HeadersWait = TimeSpan.FromSeconds(15);

        /// <summary>An idle connection between requests. Longer: closed. Above the 75 s that Telegram and common proxies keep theirs.</summary>
        public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(130);

        /// <summary>A body that arrives slower than this after <see cref="BodyGrace"/> holds a connection for nothing: 408 and closed.</summary>
        public const double BodyRateBytesPerSecond = 240;

        /// <summary>What a call is told to wait that the database did not answer.</summary>
        public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

        /// <summary>A JSON body of the control API, many times the largest sensible one. Over it: 413.</summary>
        public const int JsonBodyBytes = 64 * 1024;

        /// <summary>Nesting of such a body. Deeper: 400.</summary>
        public const int JsonDepth = 16;

        /// <summary>Entries of one list in such a body. More: 400.</summary>
        public const int JsonListEntries = 1_000;

        /// <summary>Things on one page of a list. More asked for: 400.</summary>
        public const int PageThings = 500;

        /// <summary>Things on a page when the request does not say.</summary>
        public const int PageDefaultThings = 50;

        /// <summary>How long a body may take before its rate counts.</summary>
        public static readonly TimeSpan BodyGrace = TimeSpan.FromSeconds(5);

        /// <summary>
        /// How long a browser remembers what a page of another origin may send. Longer: it asks again. Ten minutes, so that an origin that was
        /// taken out of the configuration is out soon; browsers cap it at two hours and more.
        /// </summary>
        public static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);
    }

    /// <summary>Updates on their way in.</summary>
    internal static class Ingest
    {
        /// <summary>
        /// One update. The Bot API names no maximum; its largest documented parts (a 4,096 character text with entities, a
        /// reply and a pinned message inside) stay under 300 KiB, so 1 MiB is three times that. Over it: 413.
        /// </summary>
        public const int UpdateBytes = 1024 * 1024;

        /// <summary>Polled updates kept in files because the database refuses them, 1 GiB at most. Over it: the bot's polling stands still.</summary>
        public const int ParkedUpdates = 1024;

        /// <summary>The longest kind that is kept by name; the column is VARCHAR(64). Longer: kind <c>unknown</c>.</summary>
        public const int KindBytes = 64;

        /// <summary>
        /// Nesting of an update. The deepest the Bot API can send (a reply with a rich message of nested blocks) stays under 100; a body that
        /// deep is still readable by every consumer's JSON parser, one of thousands of levels is not. Deeper: kind <c>unparsed</c>, stored all the same.
        /// </summary>
        public const int UpdateDepth = 512;

        /// <summary>A webhook secret, a bot token or a <c>secret_token</c> (at most 256, Bot API) as presented. Longer: not known, 401.</summary>
        public const int SecretCharacters = 256;

        /// <summary>Wrong secrets of one address within <see cref="WrongSecretWindow"/>. More: 429 instead of 401.</summary>
        public const int WrongSecrets = 20;

        public static readonly TimeSpan WrongSecretWindow = TimeSpan.FromMinutes(1);

        /// <summary>Addresses whose wrong secrets are counted apart (a few hundred KB). More: the newcomers share one count.</summary>
        public const int WrongSecretAddresses = 10_000;

        /// <summary>
        /// Bytes of update bodies being read at one time, a body of unknown length counted as <see cref="UpdateBytes"/>. Full: 503 with
        /// <c>Retry-After</c> before the body is read.
        /// </summary>
        public const long ArrivingBytes = 64L * 1024 * 1024;

        /// <summary>What a 503 of the receiver says in <c>Retry-After</c>: a full queue or a failing-over database is usually gone by then.</summary>
        public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

        /// <summary>Updates in one getUpdates answer; the Bot API's maximum. An answer over <see cref="PollAnswerBytes"/> halves it for the next call.</summary>
        public const int PollUpdates = 100;

        /// <summary>One getUpdates answer. Larger: not read further, asked again with fewer updates.</summary>
        public const int PollAnswerBytes = 32 * 1024 * 1024;

        /// <summary>How long Telegram holds a getUpdates without updates. The Bot API caps it at 50 s; proxies often cut at 60.</summary>
        public static readonly TimeSpan PollHold = TimeSpan.FromSeconds(30);

        /// <summary>How long any other Bot API call of the poller may take, and how long a getUpdates may take beyond its hold. Longer: a failure.</summary>
        public static readonly TimeSpan CallWait = TimeSpan.FromSeconds(15);

        /// <summary>One answer to any other call: many times what getMe and getWebhookInfo have. Larger: not read further, a failure.</summary>
        public const int CallAnswerBytes = 1024 * 1024;

        /// <summary>
        /// <c>max_connections</c> of setWebhook, the Bot API's maximum: how many updates of one bot are on their way at once, which with the
        /// latency of a commit bounds a bot's rate. More than the gateway can store are answered 503 by <see cref="ArrivingBytes"/>.
        /// </summary>
        public const int WebhookConnections = 100;

        /// <summary>What the receiver says to a paused bot's updates. Telegram asks again by its own clock and keeps them for 24 hours.</summary>
        public static readonly TimeSpan PausedRetryAfter = TimeSpan.FromMinutes(1);

        /// <summary>Telegram's word on a bot, for <c>GET /bots/{id}</c>. Longer: answered without it, and with the reason.</summary>
        public static readonly TimeSpan StatusWait = TimeSpan.FromSeconds(2);

        /// <summary>How long that word, or that there was none, is told again. Older: asked anew.</summary>
        public static readonly TimeSpan StatusAge = TimeSpan.FromSeconds(5);

        /// <summary>Bots being asked about at one time. More: answered without Telegram's word.</summary>
        public const int StatusCalls = 32;

        /// <summary>Changes of bots through the API at one time; each may wait for Telegram. More: 503 with <c>Retry-After</c>.</summary>
        public const int BotChanges = 32;

        /// <summary>A bot's label; the column is VARCHAR(128). Longer: refused.</summary>
        public const int LabelCharacters = 128;

        /// <summary>Telegram's or our own reason why a webhook could not be set, as it is kept; the column is VARCHAR(512). Longer: cut.</summary>
        public const int WebhookErrorCharacters = 512;

        /// <summary>
        /// Tries to tell Telegram of a bot that others change meanwhile. More: the last of those who change it tells it, or <c>POST /bots/{id}/webhook</c>.
        /// </summary>
        public const int WebhookRounds = 3;

        /// <summary>Opening a connection to the Bot API. Longer: a failure.</summary>
        public static readonly TimeSpan ConnectWait = TimeSpan.FromSeconds(10);

        /// <summary>Connections to the Bot API are renewed after this, so that a change in DNS is seen.</summary>
        public static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);

        /// <summary>The wait after the first failed call; it doubles up to <see cref="LongestBackoff"/>.</summary>
        public static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);

        public static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

        /// <summary>The longest <c>retry_after</c> that is believed, and the shortest is <see cref="FirstBackoff"/>. Outside: these instead.</summary>
        public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

        /// <summary>Bots that <c>/ready</c> names because they are not polled. More: only counted.</summary>
        public const int NamedPollers = 8;

        /// <summary>Between looks at what only an operator can mend: a foreign webhook, a rejected token.</summary>
        public static readonly TimeSpan RefusedWait = TimeSpan.FromMinutes(1);

        /// <summary>Between tries to store a polled batch while the database is away.</summary>
        public static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(1);
    }

    /// <summary>The commit queue, the group commit and history reads.</summary>
    internal static class Log
    {
        /// <summary>Updates waiting for the committer. Full: the waiter is answered 503 with <c>Retry-After</c>.</summary>
        public const int CommitQueueUpdates = 8192;

        /// <summary>Payload bytes waiting for the committer. Full: as above.</summary>
        public const long CommitQueueBytes = 64L * 1024 * 1024;

        /// <summary>Updates in one transaction.</summary>
        public const int BatchUpdates = 512;

        /// <summary>Payload bytes in one transaction; stays under MySQL's default <c>max_allowed_packet</c> of 16 MiB with room for the rest.</summary>
        public const int BatchBytes = 4 * 1024 * 1024;

        /// <summary>
        /// Pages of 4 KiB in SQLite's write-ahead log before they are moved into the database: 16 MiB, so that a page that is written by
        /// every commit is moved once in hundreds of them, and a start after a kill reads no more than that back.
        /// </summary>
        public const int CheckpointPages = 4096;

        /// <summary>
        /// Pages in the write-ahead log, 64 MiB, over which the writer waits for the page reads of this moment so that the log can begin
        /// anew; without it four busy readers were seen to keep it growing for as long as they read.
        /// </summary>
        public const int WriteAheadPages = 4 * CheckpointPages;

        /// <summary>
        /// Rows in SQLite's <c>chat_tail</c>; those over it (by a thirty-second of it or more) are moved on in the same commit. A commit of
        /// n events over C chats writes 4,096 / 170 pages of the tail and about 2nC / 4,096 of the big level, against 2 for each chat in it.
        /// </summary>
        public const int ChatTailRows = 4096;

        /// <summary>Events in one history page; a longer request is cut to it.</summary>
        public const int PageEvents = 500;

        /// <summary>Payload bytes in one history page; the page ends after the event that reaches it.</summary>
        public const int PageBytes = 4 * 1024 * 1024;

        /// <summary>A key used again on a row older than this names a new update (Telegram keeps updates 24 h; design section 3).</summary>
        public static readonly TimeSpan DedupWindow = TimeSpan.FromHours(48);

        /// <summary>How far a log whose head moved back jumps above the highest seq that was ever seen.</summary>
        public const long ResetJump = 1_000_000;

        /// <summary>Rows in one prepared INSERT; its halves down to one are the other sizes. Larger ones measured no faster.</summary>
        public const int InsertRows = 256;

        /// <summary>
        /// Events that the first statement of a page asks for; the second asks for as many as their average size says will fit. What is
        /// read and thrown away is so at most 64 of the largest updates.
        /// </summary>
        public const int PageFirstEvents = 64;

        /// <summary>Former log identities whose highest seq is remembered. Over it: the oldest is forgotten, sixteen restores ago.</summary>
        public const int HighWaterIdentities = 16;

        /// <summary>How often the highest position seen is written to disk: what a restore right after a crash could go unnoticed by.</summary>
        public static readonly TimeSpan HighWaterWrite = TimeSpan.FromSeconds(1);

        /// <summary>Chat migrations waiting to be linked. Full: left to the next start, which looks at the newest events.</summary>
        public const int MigrationQueue = 256;

        /// <summary>How many seqs back a start looks for migrations that a crash left unlinked.</summary>
        public const long MigrationLookBack = 10_000;

        /// <summary>Nothing younger is ever deleted: dedup needs its keys that long.</summary>
        public static readonly TimeSpan RetentionLeast = DedupWindow;

        /// <summary>How often expired events are looked for.</summary>
        public static readonly TimeSpan RetentionInterval = TimeSpan.FromMinutes(10);

        /// <summary>Events deleted in one transaction, a few milliseconds of the write lock.</summary>
        public const int RetentionStep = 500;

        /// <summary>
        /// Payload that SQLite deletes in one transaction: the pages go to the free list through the write-ahead log, so 500 updates of 1 MiB
        /// would hold the write lock for seconds. The event that goes over it still goes; the rest goes with the next step.
        /// </summary>
        public const int RetentionStepBytes = 4 * 1024 * 1024;

        /// <summary>Between two such transactions, so that commits come first.</summary>
        public static readonly TimeSpan RetentionPause = TimeSpan.FromMilliseconds(50);

        /// <summary>Events per bot that go early in one turn while the disk is low.</summary>
        public const int WatermarkEvents = 50_000;

        /// <summary>Chats whose ids the writer keeps in memory, about 100 bytes each. Over it: all are forgotten and read again as they come.</summary>
        public const int CachedChats = 50_000;

        /// <summary>Threads that read SQLite. All busy: reads wait in line.</summary>
        public const int ReaderThreads = 4;

        /// <summary>Requests in line for SQLite's threads. Over it: answered as "does not answer now".</summary>
        public const int StoreRequests = 4096;

        /// <summary>Chats and bots of one query that are found by an index walk each. Over it: the log is walked in order instead.</summary>
        public const int MergedSelectors = 16;

        /// <summary>Events walked for one page of such a query, some ten milliseconds. Over it: the page ends there, empty or not.</summary>
        public const int ScannedEvents = 20_000;

        /// <summary>How often one batch is given to the store again, and for how long. Over either: its waiters get 503.</summary>
        public const int CommitAttempts = 12;

        /// <summary>See <see cref="CommitAttempts"/>; above the 3 s for which a frozen process can hold the head lock.</summary>
        public static readonly TimeSpan CommitRetry = TimeSpan.FromSeconds(10);

        /// <summary>The first pause before a retry or a probe; it doubles up to <see cref="BackoffMost"/>.</summary>
        public static readonly TimeSpan BackoffLeast = TimeSpan.FromMilliseconds(5);

        /// <summary>The longest pause between two probes of a database that is away; full speed is back within 2 s of its return.</summary>
        public static readonly TimeSpan BackoffMost = TimeSpan.FromMilliseconds(400);
    }

    /// <summary>From the commit to the hub.</summary>
    internal static class Publish
    {
        /// <summary>Batches waiting for the publisher. Full: payloads are let go, the highest seq is kept, readers fetch from the log.</summary>
        public const int QueueBatches = 256;

        /// <summary>Payload bytes in those batches, each of which may hold <see cref="Log.BatchBytes"/>. Full: as above.</summary>
        public const long QueueBytes = 64L * 1024 * 1024;

        /// <summary>Messages on the in-process bus. Full: the publisher waits, and the queue before it fills and lets payloads go.</summary>
        public const int BusMessages = 64;

        /// <summary>
        /// Payload bytes on it: four of the largest batches (<see cref="Log.BatchBytes"/>), where 64 of them would be 256 MiB. Full: as above.
        /// </summary>
        public const long BusBytes = 16L * 1024 * 1024;

        /// <summary>How long an event that came too early waits for the one before it; then the gap is read from the log.</summary>
        public static readonly TimeSpan ReorderWait = TimeSpan.FromMilliseconds(5);

        /// <summary>Events waiting for an earlier one. Full: later ones are let go and read from the log.</summary>
        public const int ReorderEvents = 4096;

        /// <summary>Payload bytes of those events, each of which may have <see cref="Ingest.UpdateBytes"/>. Full: as above.</summary>
        public const long ReorderBytes = 16L * 1024 * 1024;

        /// <summary>Without progress the log is asked this often, plus or minus <see cref="PollJitter"/>, so that replicas do not ask in step.</summary>
        public static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

        public const double PollJitter = 0.2;
    }

    /// <summary>One WebSocket and all of them.</summary>
    internal static class WebSocket
    {
        /// <summary>
        /// A client's message, fragments together: a subscription that lists 1,024 chats as <c>tg:</c> references needs 45 KB. Over it: close
        /// code 1009, before the payload was read.
        /// </summary>
        public const int MessageBytes = 64 * 1024;

        /// <summary>Until the first <c>auth</c> of a socket that came without a credential. Over it: close code 4001.</summary>
        public static readonly TimeSpan AuthWait = TimeSpan.FromSeconds(10);

        /// <summary>Protocol pings (design section 5); below the 30 s after which common proxies cut a silent connection.</summary>
        public static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(25);

        /// <summary>From a ping to any sign of life. Over it: close code 4100, unless the ping itself still waits behind what the peer does not read.</summary>
        public static readonly TimeSpan PongWait = TimeSpan.FromSeconds(10);

        /// <summary>From the gateway's close frame to the peer's. Over it: the connection is ended without.</summary>
        public static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(30);

        /// <summary>Messages, pings and fragments at once: all subscriptions that a connection may have, and some. Over it: error RATE_LIMITED and a strike.</summary>
        public const int ActionBurst = 320;

        /// <summary>Messages, pings and fragments in the long run. Over it: as above.</summary>
        public const int ActionsPerSecond = 50;

        /// <summary>Refused messages before the connection is closed with 4008.</summary>
        public const int Strikes = 64;

        /// <summary>How fast strikes are forgotten, so that a long-lived client may err now and then.</summary>
        public const int StrikesForgottenPerSecond = 1;

        /// <summary>As <see cref="CloseWait"/>, for a socket that never authenticated: it is nobody's loss, and its place is wanted.</summary>
        public static readonly TimeSpan UnauthenticatedCloseWait = TimeSpan.FromSeconds(2);

        /// <summary>
        /// Open sockets that have not authenticated, 14 MB. They are counted apart, so that strangers cannot take the places of keys. One more:
        /// 503 with <c>Retry-After</c>. Configurable.
        /// </summary>
        public const int UnauthenticatedSockets = 1000;

        /// <summary>
        /// As above, of one address: a tenth, so that one alone cannot shut out the others. Behind a proxy that is not trusted all have the proxy's. Configurable.
        /// One more: 429 with <c>Retry-After</c>.
        /// </summary>
        public const int UnauthenticatedSocketsPerAddress = 100;

        /// <summary>Open authenticated sockets of the process; at 14 KB each a good 700 MB. One more: 503 with <c>Retry-After</c>, or close code 4103. Configurable.</summary>
        public const int Sockets = 50_000;

        /// <summary>Open sockets of one key. One more: 429, or close code 4103 where the key came in a message. Configurable.</summary>
        public const int SocketsPerKey = 20_000;

        /// <summary>What a client refused for a bound of connections is told to wait.</summary>
        public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    }
}
