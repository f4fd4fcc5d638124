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
    private readonly MySqlChats _chats = new(logger);
    private readonly MessageIndex _messages = new();
    private readonly DuplicateLookup _duplicates = new();
    private readonly List<CommitItem> _fresh = new(Limits.Log.BatchUpdates);
    private MySqlCommitSession? _session;
    private string? _logId;

    // Whether what is being written now is an event's chat or message, not the event.
    private bool _isProjecting;

    public ValueTask DisposeAsync() => CloseAsync();

    public async ValueTask<BatchOutcome> CommitAsync(CommitBatch batch, LogPosition floor)
    {
        if (_session is null && !await OpenAsync()) return BatchOutcome.Unavailable;
        try
        {
            BatchOutcome outcome = await WriteAsync(_session!, batch, floor);
            if (outcome == BatchOutcome.Committed) _chats.Accept();
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
            _session = await MySqlCommitSession.OpenAsync(database);
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
        _chats.Forget();
        if (_session is not { } session) return;
        _session = null;
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
        catch (Exception e) when (MySqlErrors.IsDuplicateKey(e) || (MySqlErrors.IsOfData(e) && _isProjecting))
        {
            if (await session.BeginAgainAsync() is not { } headNow) return BatchOutcome.Unavailable;
            if (Judge(headNow, floor) is var again && again != BatchOutcome.Committed) return again;
            await InsertAsync(session, batch, headNow, isCareful: true);
            await session.CommitAsync(batch.Head);
        }

        _logId = batch.Head.LogId;
        foreach (CommitItem item in _fresh) item.Status = CommitStatus.Stored;
        return BatchOutcome.Committed;
    }

    /// <summary>Committed: go on.</summary>
    private BatchOutcome Judge(LogHead head, LogPosition floor)
    {
        if (head.LogId == floor.LogId) return head.Seq < floor.Seq ? BatchOutcome.HeadMovedBack : BatchOutcome.Committed;
        if (_logId is null || floor.LogId != _logId) return BatchOutcome.Committed;
        // The caller's floor is for the identity that was here at the last commit. Another one is here now: a backup from before the
        // last reset has to be held against its own floor, so the caller must look again.
        _logId = null;
        return BatchOutcome.Retry;
    }

    /// <param name="isCareful">Looks first for what the log has, and writes each projected row by itself, so that a refused one is only flagged.</param>
    private async ValueTask InsertAsync(MySqlCommitSession session, CommitBatch batch, LogHead head, bool isCareful)
    {
        long nowMs = Math.Max(head.CreatedAtMs, time.GetUtcNow().ToUnixTimeMilliseconds());
        _fresh.Clear();
        _messages.Clear();
        _duplicates.Clear();
        _chats.BeginBatch();
        _isProjecting = false;
        if (isCareful) await _duplicates.SplitAsync(session, batch.Items, _fresh, nowMs);
        else _fresh.AddRange(batch.Items);
        AssignSeqs(head.Seq);

        _isProjecting = true;
        await _chats.ResolveAsync(session, _fresh, nowMs, isCareful);
        foreach (CommitItem item in _fresh) item.ProjectionFailed = item.ChatId == 0 && item.Update.Facts.TelegramChatId is not null;
        await _messages.LoadAsync(session, _fresh, lookFirst: isCareful);
        foreach (CommitItem item in _fresh) _messages.Assign(item);

        _isProjecting = false;
        object createdAtMs = nowMs;
        await session.Events.ExecuteAsync(_fresh.Count, (row, parameters, offset) => EventRows.Fill(_fresh[row], createdAtMs, parameters, offset));

        _isProjecting = true;
        if (isCareful) await ProjectOneByOneAsync(session);
        else await ProjectAsync(session);
        _duplicates.CompleteRepeated();
        batch.Head = new LogHead(head.LogId, head.Seq + _fresh.Count, nowMs);
    }

    private void AssignSeqs(long headSeq)
    {
        for (int i = 0; i < _fresh.Count; i++)
        {
            CommitItem item = _fresh[i];
            item.Seq = headSeq + 1 + i;
            item.ChatId = item.KnownChatId;
            item.MessageId = 0;
            item.ReplyToMessageId = 0;
        }
    }

    private async ValueTask ProjectAsync(MySqlCommitSession session)
    {
        await session.Messages.ExecuteAsync(_messages.Inserts.Count, (row, parameters, offset) => MessageRows.Fill(_messages.Inserts[row], parameters, offset));
        foreach (MessageState message in _messages.Updates) MessageRows.AppendUpdate(message, session.Closing);
    }

    private async ValueTask ProjectOneByOneAsync(MySqlCommitSession session)
    {
        foreach (MessageState message in _messages.Inserts)
        {
            await ProjectAsync(message, () => session.Messages.ExecuteAsync(1, (_, parameters, offset) => MessageRows.Fill(message, parameters, offset)));
        }

        foreach (MessageState message in _messages.Updates)
        {
            await ProjectAsync(message, () => session.ExecuteAsync(MessageRows.AppendUpdate(message, new StringBuilder()).ToString()));
        }

        foreach (CommitItem item in _fresh)
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
