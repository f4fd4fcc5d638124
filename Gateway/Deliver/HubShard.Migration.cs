using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// A group that became a supergroup: streams of the old chat go on with the new one from the event that links them. What the new chat had
/// before lies below positions that were told already; it is said as a gap, for only the client knows whether it wants to read it (law L5).
/// </summary>
internal sealed partial class HubShard
{
    private void ExtendMigrated(LogEvent link)
    {
        if (MigrationPayload.Read(link.Payload) is not { } migration)
        {
            return;
        }

        // First, or those whose grants are not loaded yet would not be told.
        migrations.Add(migration.FromChatId, migration.ToChatId);
        if (migration.FirstSeq < link.Seq)
        {
            if (index.OfChat(migration.FromChatId) is { } ofOld)
            {
                foreach (var subscription in ofOld.Span)
                {
                    NoteMissed(subscription, link, migration);
                }
            }

            foreach (var subscription in index.All.Span)
            {
                NoteMissed(subscription, link, migration);
            }
        }

        index.Extend(migration.FromChatId, migration.ToChatId);
    }

    private void NoteMissed(Subscription subscription, LogEvent link, in MigrationPayload migration)
    {
        var selector = subscription.Selector;
        if (subscription.CatchUp is { } catchUp && !selector.IsAll)
        {
            if (!selector.HasChat(migration.ToChatId))
            {
                // A page that is there or on its way was asked for without the new chat. Told when the catch-up reaches the link.
                subscription.CompleteAfter = catchUp.IsReading || catchUp.Page is not null ? seq : catchUp.Position;
            }

            return;
        }

        var wasSelected = !selector.IsAll && selector.HasChat(migration.ToChatId) && migration.FirstSeq > subscription.CompleteAfter;
        if (!wasSelected && (!subscription.IsLive || link.Seq > subscription.LiveFrom) && IsConcerned(subscription, link, migration))
        {
            QueueControl(subscription.Connection, MissedFrame(subscription, link, migration));
        }
    }

    /// <summary>
    /// For a catch-up that reaches the link: it may go on from a position of the old chat's that lies above the new one's first events.
    /// Appended, not queued: it belongs before the link, which is being written now.
    /// </summary>
    private void AppendMissed(Subscription subscription, LogEvent link)
    {
        if (MigrationPayload.Read(link.Payload) is { } migration && migration.FirstSeq < link.Seq
            && migration.FirstSeq <= subscription.CompleteAfter && IsConcerned(subscription, link, migration))
        {
            scratch.Append(MissedFrame(subscription, link, migration));
        }
    }

    /// <summary>Whether it follows the old chat, may read the new one, and did not have the new one with the whole bot.</summary>
    private bool IsConcerned(Subscription subscription, LogEvent link, in MigrationPayload migration)
    {
        var (selector, grants) = (subscription.Selector, subscription.Connection.Principal.Grants);
        return MayRead(subscription.Connection, link)
            && (selector.IsAll
                ? grants.ReadChats.Contains(migration.FromChatId) && !grants.CanRead(link.BotId, 0)
                : selector.HasChat(migration.FromChatId) && !selector.BotIds.Contains(link.BotId));
    }

    private byte[] MissedFrame(Subscription subscription, LogEvent link, in MigrationPayload migration) =>
        subscription.Connection.Framing.Gap(
            subscription.Id, new StreamGap(link.BotId, Math.Max(migration.FirstSeq - 1, 0), link.Seq, GapReason.Migration, logId));
}
