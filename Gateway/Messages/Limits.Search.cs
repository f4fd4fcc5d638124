namespace Gateway.Messages;

internal static partial class Limits
{
    /// <summary>Lists of messages and their full-text index.</summary>
    internal static class Search
    {
        /// <summary>The text of a <c>q</c>. Longer: 400 <c>VALIDATION_FAILED</c>.</summary>
        public const int QueryCharacters = 256;

        /// <summary>Words of a <c>q</c>, each character of a script without spaces one. More: 400 <c>VALIDATION_FAILED</c>.</summary>
        public const int QueryWords = 32;

        /// <summary>
        /// Letters of one word, 82 with its mark: InnoDB leaves out words of more than 84. Longer: found by its first letters. A word with
        /// letters beyond ASCII costs four for each, so a quarter of it.
        /// </summary>
        public const int WordLetters = 80;

        /// <summary>Of one message. Bot API texts have 4,096 characters; what comes after these is not found.</summary>
        public const int TextCharacters = 16 * 1024;

        /// <summary>Events looked at in one step of the indexer. More: the next step.</summary>
        public const int StepEvents = 1000;

        /// <summary>
        /// Characters of text in one step, some 1 ms of SQLite's write lock, which every commit of that moment waits for: 64 Ki made the p99 of an
        /// acknowledgement at 1,000 updates a second 14 ms while the index had much to catch up, this 4 to 6. The message that goes over it still
        /// goes. More: the next step.
        /// </summary>
        public const int StepCharacters = 4 * 1024;

        /// <summary>From the first commit that is not indexed to the step that does it, so that one transaction serves many commits.</summary>
        public static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(100);

        /// <summary>
        /// After a step the indexer rests so many times what the step took: it holds the write lock for a tenth of the time at most,
        /// whatever the load is, and falls behind rather than slow the commits down.
        /// </summary>
        public const int RestFactor = 9;

        /// <summary>How often the cursor is compared with the head where nobody wakes the indexer: another process commits.</summary>
        public static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

        /// <summary>The longest pause between two tries while the database is away; the first is <see cref="Linger"/>.</summary>
        public static readonly TimeSpan BackoffMost = TimeSpan.FromSeconds(5);

        /// <summary>Messages that a store puts on one page. More: cut to it. What a request may ask for is <see cref="Http.PageThings"/>.</summary>
        public const int PageMessages = Http.PageThings;

        /// <summary>
        /// Events or hits looked at for one page (some 20 ms), of which few may be messages that match. Over it: the page ends there, empty
        /// or not, and its cursor goes on.
        /// </summary>
        public const int WalkedEvents = 5000;

        /// <summary>
        /// Chats and bots that one caller's list over all it may read is put together from, two index walks each, or, of a search, conditions
        /// together with single threads. More: 400 <c>TOO_MANY_CHATS</c>, name a chat or a thread.
        /// </summary>
        public const int Scopes = 200;
    }
}
