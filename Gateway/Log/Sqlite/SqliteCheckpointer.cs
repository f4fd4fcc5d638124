using Gateway.Messages;

namespace Gateway.Log.Sqlite;

/// <summary>
/// Moves the write-ahead log into the database file beside the commits. SQLite would do it inside a commit, every 1,000 pages: random
/// writes and a second fsync that every waiter of that commit pays (40 ms at the 99th percentile under 1,000 updates/s, against 3 ms).
/// Here a thread of its own copies the bulk with a PASSIVE checkpoint, which stops nobody, and the writer then copies the few pages that
/// were committed meanwhile: only when not one page is left over does SQLite start the log again from its beginning, and only between
/// two commits is that certain.
/// </summary>
internal sealed class SqliteCheckpointer(string path) : IAsyncDisposable
{
    private readonly SqliteWorkers<SqliteSession> worker = new("log checkpoint", 1, 1, () => new SqliteSession(path));

    // Of the writer's thread.
    private int pages;

    private volatile Stage stage;

    private enum Stage
    {
        Waiting,
        Copying,
        Copied,
    }

    /// <summary>Called by the writer between two transactions. A checkpoint that fails costs only room: the next one takes its pages too.</summary>
    public void AfterCommit(SqliteSession writer)
    {
        pages += writer.TakeWrittenPages();
        if (stage == Stage.Copied)
        {
            // Readers of pages follow each other without a pause while streams catch up, so that there may never be a moment without one.
            if (writer.Checkpoint() > Limits.Log.WriteAheadPages) writer.RestartWriteAheadLog();
            pages = 0;
            stage = Stage.Waiting;
        }
        else if (stage == Stage.Waiting && pages >= Limits.Log.CheckpointPages)
        {
            stage = Stage.Copying;
            _ = CopyAsync();
        }
    }

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    private async Task CopyAsync()
    {
        await worker.RunAsync(static session => session.Checkpoint(), static _ => 0, CancellationToken.None);
        stage = Stage.Copied;
    }
}
