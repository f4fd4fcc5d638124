using System.Text;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Log.MySql;

/// <summary>
/// Writes batches over one connection of its own: head lock, optimistic INSERTs, commit. A duplicate key rolls back and takes
/// the slower path that looks first. Any other error closes the connection.
/// </summary>
internal sealed class MySqlCommitter(MySqlDatabase database, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly MySqlChats chats = new(logger);
    private readonly MessageIndex messages = new();
    private readonly DuplicateLookup duplicates = new();
    private readonly List<CommitItem> fresh = new(Limits.Log.BatchUpdates);
    private MySqlCommitSession? session;
    private string? logId;

    // Whether what is being written now is an event's chat or message, not the event.
    private bool isProjecting;

    public ValueTask DisposeAsync() => CloseAsync();

    public async ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor)
    {
        if (session is null && !await OpenAsync()) return BatchOutcome.Unavailable;
        try
        {
            BatchOutcome outcome = await WriteAsync(session!, batch, floor);
            if (outcome == BatchOutcome.Committed) chats.Accept();
            else await CloseAsync();
            return outcome;
        }
        catch (Exception e) when (MySqlErrors.IsOfDatabase(e))
        {
            BatchOutcome outcome = MySqlErrors.Classify(e);
            MySqlLog.CommitFailed(logger, outcome, e.Message);
            await CloseAsync();
            return outcome;
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    private async ValueTask<bool> OpenAsync()
    {
        try
        {
            session = await MySqlCommitSession.OpenAsync(database);
            return true;
        }
        catch (Exception e) when (MySqlErrors.IsOfDatabase(e))
        {
            MySqlLog.CannotConnect(logger, database.Url, e.Message);
            return false;
        }
    }

    private async ValueTask CloseAsync()
    {
        chats.Forget();
        if (this.session is not { } session) return;
        this.session = null;
        try
        {
            await session.DisposeAsync();
        }
        catch (Exception e) when (MySqlErrors.IsOfDatabase(e))
        {
            MySqlLog.CloseFailed(logger, e.Message);
        }
    }

    private async ValueTask<BatchOutcome> WriteAsync(MySqlCommitSession session, CommitBatch batch, LogPosition floor)
    {
        if (await session.BeginAsync() is not { } head) return BatchOutcome.Unavailable;
        if (Judge(head, floor) is var verdict && verdict != BatchOutcome.Committed) return verdict;
        foreach (CommitItem item in batch.Items) item.ProjectionFailed = false;
        try
        {
            await InsertAsync(session, batch, head, isCareful: false);
            await session.CommitAsync(batch.Head);
        }
        catch (Exception e) when (MySqlErrors.IsDuplicateKey(e) || (MySqlErrors.IsOfData(e) && isProjecting))
        {
            if (await session.BeginAgainAsync() is not { } headNow) return BatchOutcome.Unavailable;
            if (Judge(headNow, floor) is var again && again != BatchOutcome.Committed) return again;
            await InsertAsync(session, batch, headNow, isCareful: true);
            await session.CommitAsync(batch.Head);
        }

        logId = batch.Head.LogId;
        foreach (CommitItem item in fresh) item.Status = CommitStatus.Stored;
        return BatchOutcome.Committed;
    }

    /// <summary>Committed: go on.</summary>
    private BatchOutcome Judge(LogHead head, LogPosition floor)
    {
        if (head.LogId == floor.LogId) return head.Seq < floor.Seq ? BatchOutcome.HeadMovedBack : BatchOutcome.Committed;
        if (logId is null || floor.LogId != logId) return BatchOutcome.Committed;
        // The caller's floor is for the identity that was here at the last commit. Another one is here now: a backup from before the
        // last reset has to be held against its own floor, so the caller must look again.
        logId = null;
        return BatchOutcome.Retry;
    }

    /// <param name="isCareful">Looks first for what the log has, and writes each projected row by itself, so that a refused one is only flagged.</param>
    private async ValueTask InsertAsync(MySqlCommitSession session, CommitBatch batch, LogHead head, bool isCareful)
    {
        long nowMs = Math.Max(head.CreatedAtMs, time.GetUtcNow().ToUnixTimeMilliseconds());
        fresh.Clear();
        messages.Clear();
        duplicates.Clear();
        chats.BeginBatch();
        isProjecting = false;
        if (isCareful) await duplicates.SplitAsync(session, batch.Items, fresh, nowMs);
        else fresh.AddRange(batch.Items);
        AssignSeqs(head.Seq);

        isProjecting = true;
        await chats.ResolveAsync(session, fresh, nowMs, isCareful);
        foreach (CommitItem item in fresh) item.ProjectionFailed = item.ChatId == 0 && item.Update.Facts.TelegramChatId is not null;
        await messages.LoadAsync(session, fresh, lookFirst: isCareful);
        foreach (CommitItem item in fresh) messages.Assign(item);

        isProjecting = false;
        object createdAtMs = nowMs;
        await session.Events.ExecuteAsync(fresh.Count, (row, parameters, offset) => EventRows.Fill(fresh[row], createdAtMs, parameters, offset));

        isProjecting = true;
        if (isCareful) await ProjectOneByOneAsync(session);
        else await ProjectAsync(session);
        duplicates.CompleteRepeated();
        batch.Head = new LogHead(head.LogId, head.Seq + fresh.Count, nowMs);
    }

    private void AssignSeqs(long headSeq)
    {
        for (int i = 0; i < fresh.Count; i++)
        {
            CommitItem item = fresh[i];
            item.Seq = headSeq + 1 + i;
            item.ChatId = item.KnownChatId;
            item.MessageId = 0;
            item.ReplyToMessageId = 0;
        }
    }

    private async ValueTask ProjectAsync(MySqlCommitSession session)
    {
        await session.Messages.ExecuteAsync(messages.Inserts.Count, (row, parameters, offset) => MessageRows.Fill(messages.Inserts[row], parameters, offset));
        foreach (MessageState message in messages.Updates) MessageRows.AppendUpdate(message, session.Closing);
    }

    private async ValueTask ProjectOneByOneAsync(MySqlCommitSession session)
    {
        foreach (MessageState message in messages.Inserts)
        {
            await ProjectAsync(message, () => session.Messages.ExecuteAsync(1, (_, parameters, offset) => MessageRows.Fill(message, parameters, offset)));
        }

        foreach (MessageState message in messages.Updates)
        {
            await ProjectAsync(message, () => session.ExecuteAsync(MessageRows.AppendUpdate(message, new StringBuilder()).ToString()));
        }

        foreach (CommitItem item in fresh)
        {
            if (!item.ProjectionFailed) continue;
            item.MessageId = 0;
            session.Closing.Append("UPDATE events SET message_id=NULL, projection_failed=1 WHERE seq=").AppendNumber(item.Seq).Append("; ");
        }
    }

    private static async ValueTask ProjectAsync(MessageState message, Func<ValueTask> write)
    {
        try
        {
            await write();
        }
        catch (Exception e) when (MySqlErrors.IsOfData(e))
        {
            (message.Origin ?? message.Content!).ProjectionFailed = true;
        }
    }
}
