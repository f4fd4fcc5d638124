using Gateway.Messages;

namespace Gateway.Log;

/// <summary>One thing to write: an update, or an event that the gateway itself makes.</summary>
internal sealed class CommitItem
{
    public required IncomingUpdate Update { get; init; }

    /// <summary><c>u:&lt;update_id&gt;</c>, <c>h:&lt;sha256 hex&gt;</c>, <c>o:&lt;outbound id&gt;</c>, or <c>g:&lt;unique&gt;</c> for gateway-made events.</summary>
    public required string DedupKey { get; init; }

    /// <summary>For gateway-made events the chat is known by its gateway id; zero: resolved from the update's facts.</summary>
    public long KnownChatId { get; init; }

    // Results, written by the store.
    public CommitStatus Status { get; set; }
    public long Seq { get; set; }
    public long ChatId { get; set; }
    public long MessageId { get; set; }
    public long ReplyToMessageId { get; set; }

    /// <summary>True when the projection into chats or messages failed and the event was stored without it (it is flagged in its row).</summary>
    public bool ProjectionFailed { get; set; }
}

/// <summary>What goes into one transaction.</summary>
internal sealed class CommitBatch(IReadOnlyList<CommitItem> items)
{
    public IReadOnlyList<CommitItem> Items { get; } = items;

    /// <summary>The head after the commit; its time is the <c>created_at</c> of every row inserted by this batch.</summary>
    public LogHead Head { get; set; }
}
