using Gateway.Messages;

namespace Gateway.Log;

/// <summary>Puts a page together within its bounds and knows how far it says everything.</summary>
internal sealed class PageBuilder(LogHead head, LogQuery query)
{
    private readonly int maxEvents = Math.Clamp(query.MaxEvents, 1, Limits.Log.PageEvents);
    private readonly int maxBytes = Math.Clamp(query.MaxBytes, 1, Limits.Log.PageBytes);
    private readonly List<LogEvent> events = [];
    private long bytes;
    private long? stoppedAt;

    public string LogId => head.LogId;

    public long AfterSeq => query.AfterSeq;

    /// <summary>The last seq the page may hold in this snapshot.</summary>
    public long ThroughSeq => Math.Min(query.ThroughSeq, head.Seq);

    public bool IsFull => stoppedAt is not null;

    public void Add(LogEvent logEvent)
    {
        events.Add(logEvent);
        bytes += logEvent.Payload.Length;
        if (events.Count >= maxEvents || bytes >= maxBytes) stoppedAt = logEvent.Seq;
    }

    /// <summary>The search ended early, having seen everything up to here.</summary>
    public void StopAt(long seq) => stoppedAt = seq;

    public LogPage Build(IReadOnlyList<BotRetention> retained) =>
        new(head, events, Math.Max(AfterSeq, stoppedAt ?? ThroughSeq), retained);
}
