namespace Gateway.Messages;

/// <summary>The bounds of delivery; the other stages are in <c>Limits.cs</c>.</summary>
internal static partial class Limits
{
    /// <summary>From the hub to the sockets.</summary>
    internal static class Deliver
    {
        /// <summary>What one send carries at most; a larger single frame is a send of its own.</summary>
        public const int SendBytes = 64 * 1024;

        /// <summary>Positions that moved and SSE heartbeats are told this often (design section 5).</summary>
        public static readonly TimeSpan PositionInterval = TimeSpan.FromSeconds(15);

        /// <summary>Subscriptions of one connection. One more: error TOO_MANY_SUBSCRIPTIONS.</summary>
        public const int SubscriptionsPerConnection = 256;

        /// <summary>Entries in one list of one subscription (chats, bots, threads …). More: error INVALID_SELECTOR.</summary>
        public const int SelectorEntries = 1024;

        /// <summary>The longest subscription id. Longer: error INVALID_ID.</summary>
        public const int SubscriptionIdChars = 64;

        /// <summary>Characters of a log id a client may give (the gateway's have eight). Longer: error INVALID_START.</summary>
        public const int LogIdChars = 16;

        /// <summary>
        /// Events waiting for one connection. At 2,000 events/s half a second of everything, several times the longest collection pause.
        /// Full: the queue is dropped, the connection is lagging and is brought back from the log.
        /// </summary>
        public const int QueueEvents = 1024;

        /// <summary>Weight (<c>EncodedEvent.WeightBytes</c>) of the events waiting for one connection. Full: as above.</summary>
        public const int QueueBytes = 4 * 1024 * 1024;

        /// <summary>Queue arrays kept for the next burst, per size up to twice <see cref="TurnEvents"/> entries: 12 MB at most. More are left to the collector.</summary>
        public const int PooledQueues = 2048;

        /// <summary>Bytes of control frames waiting for one connection. Over it: <c>WriteControlAsync</c> waits, so the session reads no further.</summary>
        public const int QueueControlBytes = 64 * 1024;

        /// <summary>
        /// Access frames of one change for one connection. More: one that says that much has changed, because a frame for each of thousands of chats
        /// would be megabytes in ten thousand queues.
        /// </summary>
        public const int AccessFrames = 64;

        /// <summary>
        /// Times that the grants of a connection grew which is still behind the first of them; each costs its catch-up one more look per event.
        /// One more: close code 4100, and resuming begins with the grants as they are.
        /// </summary>
        public const int AccessFloors = 32;

        /// <summary>A connection that lags, or takes nothing at all, for longer than this: close code 4100.</summary>
        public static readonly TimeSpan Lagging = TimeSpan.FromSeconds(60);

        /// <summary>How long an orderly close waits for a peer that takes nothing. Over it: the connection is cut.</summary>
        public static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(5);

        /// <summary>Batches waiting for one shard. Full: the bus reader waits, and the publish queue behind it lets payloads go.</summary>
        public const int ShardBatches = 64;

        /// <summary>
        /// Weight (<c>EncodedEvent.WeightBytes</c>, twice the payload) of those batches. Full: as above. Every shard is offered the same objects in
        /// the same order, so what all of them hold is what the slowest one holds, whatever their number, and the one batch that waits.
        /// A batch has at most 4 MiB of payload (<see cref="Log.BatchBytes"/>), or with the reorder window behind it 20: a larger one than fits passes alone.
        /// From the commit to the shards at most 64 MiB (publish queue), 16 (bus), 16 (reorder window) and 16 of payload here wait.
        /// </summary>
        public const long ShardBytes = 32L * 1024 * 1024;

        /// <summary>Events matched before what they made is sent: bounds the time until the first byte under load.</summary>
        public const int TurnEvents = 64;

        /// <summary>Events in the shared ring of recent events; must be a power of two. Full: the oldest leave, their readers go to the database.</summary>
        public const int RecentEvents = 8192;

        /// <summary>Weight of the events in the ring. Full: as above.</summary>
        public const long RecentBytes = 16L * 1024 * 1024;

        /// <summary>Events read for catch-up in one page; the memory of a catch-up is one page.</summary>
        public const int CatchUpEvents = 256;

        /// <summary>Payload bytes of one catch-up page; it ends after the event that reaches it.</summary>
        public const int CatchUpBytes = 256 * 1024;

        /// <summary>Catch-up pages read from the database at a time. More wait in line.</summary>
        public const int CatchUpReaders = 4;

        /// <summary>
        /// Catch-up pages in memory, being read included; with their frames about half a MiB each, 32 MiB. Full: the one that was not used
        /// for longest and that nobody holds leaves; if all are held, a page whose connections take nothing is let go and read again later.
        /// </summary>
        public const int CatchUpPages = 64;

        /// <summary>How long a page that was read for all is kept for those who come behind. Over it: read again.</summary>
        public static readonly TimeSpan CatchUpPageAge = TimeSpan.FromSeconds(5);

        /// <summary>How often a shard looks at the clock: lagging connections, held delivery, positions.</summary>
        public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

        /// <summary>A catch-up read that the database did not answer is tried again after this.</summary>
        public static readonly TimeSpan ReadRetry = TimeSpan.FromMilliseconds(200);

        /// <summary>A subscription is resolved and started within this; longer ago, migrations are in the database for it to see.</summary>
        public static readonly TimeSpan MigrationMemory = TimeSpan.FromMinutes(1);

        /// <summary>Events of one pull. A higher <c>limit</c>: 400.</summary>
        public const int PullEvents = 500;

        /// <summary>Events of a pull that names no <c>limit</c>.</summary>
        public const int PullDefaultEvents = 100;

        /// <summary>Bytes of one pull's events; the answer ends after the event that reaches it.</summary>
        public const int PullBytes = 4 * 1024 * 1024;

        /// <summary>The longest <c>wait</c> of a pull: under the 60 s after which common proxies give up. A longer one: 400.</summary>
        public static readonly TimeSpan PullWait = TimeSpan.FromSeconds(50);

        /// <summary>A client that takes a pull's answer slower than this (a 4 MiB answer within 18 minutes): the connection is cut.</summary>
        public const double PullRateBytesPerSecond = 4 * 1024;

        /// <summary>How long a pull waits for the end of the log while the database does not answer. Over it: what there is, or 503.</summary>
        public static readonly TimeSpan PullPatience = TimeSpan.FromSeconds(10);

        /// <summary><c>Retry-After</c> of a 503 of a stream.</summary>
        public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

        /// <summary>A WebSocket whose key expires within this is told; looked at every <see cref="PositionInterval"/>, so at least 60 s before.</summary>
        public static readonly TimeSpan ExpiryNotice = TimeSpan.FromSeconds(75);

        /// <summary>Over this time the connections are closed when draining, so that not all clients return at once.</summary>
        public static readonly TimeSpan DrainJitter = TimeSpan.FromSeconds(2);
    }
}
