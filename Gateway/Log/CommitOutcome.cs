namespace Gateway.Log;

/// <summary>What became of one update that was handed to the commit queue.</summary>
internal enum CommitStatus
{
    /// <summary>In the log, durably, under the seq given. Telegram may be answered 200.</summary>
    Stored,

    /// <summary>Was in the log already, under the seq given. Telegram may be answered 200.</summary>
    Duplicate,

    /// <summary>The queue is at its bound: 503 with <c>Retry-After</c>; nothing was kept.</summary>
    QueueFull,

    /// <summary>The database cannot be written now: 503 with <c>Retry-After</c>; whether it was stored is unknown, a retry is safe.</summary>
    Unavailable,

    /// <summary>The store refused this one update for its data; logged with the reason, answered 503 so that Telegram keeps it.</summary>
    Refused,

    /// <summary>The gateway is draining: 503 with <c>Retry-After</c>.</summary>
    ShuttingDown,
}

/// <param name="Seq">The event's seq for Stored and Duplicate, else 0.</param>
internal readonly record struct CommitOutcome(CommitStatus Status, long Seq)
{
    public bool IsDurable => Status is CommitStatus.Stored or CommitStatus.Duplicate;
}
