using Gateway.Messages;

namespace Gateway.Log;

/// <summary>Puts a page together within its bounds and knows how far it says everything.</summary>
internal sealed class PageBuilder(LogHead head, LogQuery query)
{
    private readonly int _maxEvents = Math.Clamp(query.MaxEvents, 1, Limits.Log.PageEvents);
    private readonly int _maxBytes = Math.Clamp(query.MaxBytes, 1, Limits.Log.PageBytes);
    private readonly List<LogEvent> _events = [];
    private long _bytes;
    private long? _stoppedAt;

    public string LogId => head.LogId;

    public long AfterSeq => query.AfterSeq;

    /// <summary>The last seq the page may hold in this snapshot.</summary>
    public long ThroughSeq => Math.Min(query.ThroughSeq, head.Seq);

    public bool IsFull => _stoppedAt is not null;

    public void Add(LogEvent logEvent)
    {
        _events.Add(logEvent);
        _bytes += logEvent.Payload.Length;
        if (_events.Count >= _maxEvents || _bytes >= _maxBytes) _stoppedAt = logEvent.Seq;
    }

    /// <summary>The search ended early, having seen everything up to here.</summary>
    public void StopAt(long seq) => _stoppedAt = seq;

    public LogPage Build(IReadOnlyList<BotRetention> retained) =>
        new(head, _events, Math.Max(AfterSeq, _stoppedAt ?? ThroughSeq), retained);
}
