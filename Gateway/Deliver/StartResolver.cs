using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>Where a subscription begins.</summary>
/// <param name="AfterSeq">Null: at the shard's live end.</param>
/// <param name="Gap">What the client must be told first.</param>
/// <param name="IsEarliest">Asked for whatever there is: retention is no gap.</param>
/// <param name="OfLogId">The identity under which the position was judged, and which the gap names; null where none was given.</param>
internal readonly record struct SubscriptionStart(long? AfterSeq, StreamGap? Gap, bool IsEarliest, string? OfLogId = null);

/// <summary>
/// Finds the place that a request names. A position of another log identity, or above the head, is a gap and never a wait (design
/// section 3); the rule where reading goes on is written for clients in <c>docs/streams.md</c>.
/// </summary>
internal sealed class StartResolver(ILogStore store, ChatDirectory directory)
{
    /// <param name="known">What this replica has seen of the log: saves the database a question for every ordinary resume.</param>
    /// <returns>Null when the database does not answer.</returns>
    public async ValueTask<SubscriptionStart?> ResolveAsync(SubscriptionRequest request, LogPosition known, CancellationToken cancellation)
    {
        if (request.After is { } after)
        {
            return await ResolveAfterAsync(after, request.LogId, known, cancellation);
        }

        if (request.SinceMs is { } since)
        {
            return await store.FindSeqBeforeAsync(since, cancellation) is { } before ? new SubscriptionStart(before, null, false) : null;
        }

        return request.From == StartFrom.Earliest ? new SubscriptionStart(0, null, true) : new SubscriptionStart(null, null, false);
    }

    private async ValueTask<SubscriptionStart?> ResolveAfterAsync(long after, string? logId, LogPosition known, CancellationToken cancellation)
    {
        if ((logId is null || logId == known.LogId) && after <= known.Seq)
        {
            return new SubscriptionStart(after, null, false, known.LogId);
        }

        // The bus may be behind the database, so only the database can call a position impossible.
        if (await store.ReadHeadAsync(cancellation) is not { } head)
        {
            return null;
        }

        if (logId is null || logId == head.LogId)
        {
            return after <= head.Seq
                ? new SubscriptionStart(after, null, false, head.LogId)
                : Reset(after, head.Seq, head.LogId);
        }

        // How far the two logs are the same: to the end of the old one here, else to where the current identity begins.
        var shared = await directory.FindEndedLogAsync(logId, cancellation) is { } lastSeq
            ? Math.Min(after, lastSeq)
            : await directory.FindIdentityStartAsync(cancellation);
        return Reset(after, Math.Min(shared, head.Seq), head.LogId);
    }

    private static SubscriptionStart Reset(long requested, long sharedSeq, string logId) =>
        new(sharedSeq, new StreamGap(0, requested, sharedSeq + 1, GapReason.LogReset, logId), false, logId);
}
