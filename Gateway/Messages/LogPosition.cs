namespace Gateway.Messages;

/// <summary>
/// A place in the log. <paramref name="LogId"/> names the log's identity (eight characters of <c>[a-z0-9]</c>); a seq means
/// something only together with it, because a restored database assigns the same numbers again under a new identity.
/// Written <c>log_id-seq</c> in SSE ids.
/// </summary>
internal readonly record struct LogPosition(string LogId, long Seq)
{
    public override string ToString() => $"{LogId}-{Seq}";
}
