namespace Gateway.Deliver;

internal enum ShardCommandKind : byte
{
    Open,
    Subscribe,
    Unsubscribe,
    Control,
    Writable,
    Gone,
    Close,
    Page,
    AccessChanged,
    Tick,
    Drain,
}

/// <summary>
/// What other threads ask of a shard. The queue needs no bound of its own: a connection has at most one subscribe or unsubscribe
/// (its session awaits the answer), 64 KiB of controls, one writable, one gone and one close in it, a catch-up one page, and a
/// tick is posted only when the last one was taken.
/// </summary>
internal readonly record struct ShardCommand(ShardCommandKind Kind, Connection? Connection, object? State, int Code = 0);
