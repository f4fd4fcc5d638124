using Gateway.Messages;

namespace Gateway.Log;

/// <summary>What a commit wrote, as the rest of the gateway sees it.</summary>
internal static class CommittedEvents
{
    /// <param name="stored">How many items of the batch are new.</param>
    public static LogEvent[] Of(CommitBatch batch, int stored)
    {
        if (stored == 0) return [];
        var events = new LogEvent[stored];
        var next = 0;
        foreach (var item in batch.Items)
        {
            if (item.Status != CommitStatus.Stored) continue;
            var update = item.Update;
            events[next++] = new LogEvent(batch.Head.LogId, item.Seq, update.BotId, update.Facts.Kind, update.Payload, in update.Facts)
            {
                ChatId = item.ChatId,
                MessageId = item.MessageId,
                ReplyToMessageId = item.ReplyToMessageId,
                CreatedAtMs = batch.Head.CreatedAtMs,
            };
        }

        return events;
    }
}
