using System.Data.Common;
using System.Threading.Channels;
using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// Gets pages of the log for catch-ups of all shards: out of memory, or from the database, a bounded number of reads at a time. The line
/// is bounded by the catch-ups, each of which waits for at most one read. Never gives up: a read that failed is asked again, from the end
/// of the line, so that a few that can never succeed do not keep all readers to themselves.
/// </summary>
internal sealed class CatchUpReader(ILogStore store, ChatDirectory directory, TimeProvider time, ILogger logger)
{
    private readonly Channel<PageRead> line = Channel.CreateUnbounded<PageRead>();
    private readonly CatchUpPages pages = new(time);

    /// <summary>True while catch-ups wait for pages that others hold: a held page that does not move should be given back.</summary>
    public bool IsStarved => pages.IsStarved;

    /// <returns>The page where it is in memory; else it comes as a command.</returns>
    public CatchUpPage? Request(CatchUpRead read)
    {
        var page = pages.Ask(read, out var started);
        if (started is not null)
        {
            line.Writer.TryWrite(started);
        }

        return page;
    }

    /// <summary>The page was delivered or let go.</summary>
    public void Release(CatchUpPage page) => pages.Release(page);

    /// <summary>Called at every tick.</summary>
    public void Expire() => pages.Expire();

    public Task RunAsync(CancellationToken cancellation)
    {
        var readers = new Task[Limits.Deliver.CatchUpReaders];
        for (var i = 0; i < readers.Length; i++)
        {
            readers[i] = Task.Run(() => ReadAsync(cancellation), CancellationToken.None);
        }

        return Task.WhenAll(readers);
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var read in line.Reader.ReadAllAsync(cancellation))
            {
                await ReadPageAsync(read, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
    }

    private async ValueTask ReadPageAsync(PageRead read, CancellationToken cancellation)
    {
        do
        {
            if (!pages.IsWanted(read))
            {
                return;
            }

            if (pages.Reserve() is not { } room)
            {
                break;
            }

            await room.WaitAsync(cancellation);
        }
        while (true);

        var (page, isBroken) = await TryReadAsync(read.Query, cancellation);
        if (page is not null)
        {
            DeliverTelemetry.CatchUpPages.Add(1);
            Answer(read, new CatchUpPage(read, page, time.GetTimestamp()));
            return;
        }

        pages.Unreserve();
        await Task.Delay(Limits.Deliver.ReadRetry, time, cancellation);
        var waiting = pages.Forget(read);
        // Broken: from each one's own position, so that a row before it that cannot be read does not keep it waiting for ever.
        Again(isBroken ? waiting.ConvertAll(static one => one with { KnownStart = one.Query.AfterSeq }) : waiting);
    }

    private void Answer(PageRead read, CatchUpPage page)
    {
        var missed = pages.Complete(read, page);
        foreach (var one in read.Waiting)
        {
            Post(one, page);
        }

        Again(missed);
    }

    private void Again(List<CatchUpRead> reads)
    {
        foreach (var read in reads)
        {
            if (Request(read) is { } page)
            {
                Post(read, page);
            }
        }
    }

    private static void Post(CatchUpRead read, CatchUpPage page) =>
        read.Shard.Post(new ShardCommand(ShardCommandKind.Page, read.CatchUp.Connection, new ArrivedPage(read.CatchUp, page)));

    /// <summary>Of what retention took, only what the reader's chats and bots lost: a gap must neither be kept back nor tell of others' bots.</summary>
    private async ValueTask<LogPage> KeepConcernedAsync(LogPage page, LogQuery query, CancellationToken cancellation)
    {
        if (page.Retained.Count == 0 || (query.ChatIds is null && query.BotIds is null))
        {
            return page;
        }

        var bots = await directory.BotsOfAsync(query.ChatIds ?? [], cancellation);
        bots.UnionWith(query.BotIds ?? []);
        return page with { Retained = [.. page.Retained.Where(retention => bots.Contains(retention.BotId))] };
    }

    /// <returns>No page: the database is away, or (broken) something in the page cannot be read at all.</returns>
    private async ValueTask<(LogPage? Page, bool IsBroken)> TryReadAsync(LogQuery query, CancellationToken cancellation)
    {
        try
        {
            var page = await store.ReadPageAsync(query, cancellation);
            return (page is null ? null : await KeepConcernedAsync(page, query, cancellation), false);
        }
        catch (DbException e)
        {
            DeliverLog.RetentionUnknown(logger, e);
            return (null, false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            DeliverLog.CatchUpFailed(logger, e);
            return (null, true);
        }
    }
}
