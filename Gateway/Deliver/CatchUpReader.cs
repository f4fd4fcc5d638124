using System.Data.Common;
using System.Threading.Channels;
using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <param name="Shard">Gets the page as a command.</param>
internal sealed record CatchUpRead(HubShard Shard, CatchUp CatchUp, LogQuery Query);

/// <summary>
/// Reads pages of the log for catch-ups of all shards, a bounded number at a time. The line is bounded by the catch-ups, each of which
/// has at most one read in it. Never gives up: a read that failed is asked again, from the end of the line, so that a few that can never
/// succeed do not keep all readers to themselves.
/// </summary>
internal sealed class CatchUpReader(ILogStore store, ChatDirectory directory, TimeProvider time, ILogger logger)
{
    private readonly Channel<CatchUpRead> line = Channel.CreateUnbounded<CatchUpRead>();
    private int heldPages;

    /// <summary>True while catch-ups wait for pages that others hold: a held page that does not move should be given back.</summary>
    public bool IsStarved => Volatile.Read(ref heldPages) >= Limits.Deliver.CatchUpPages;

    public void Request(CatchUpRead read) => line.Writer.TryWrite(read);

    /// <summary>The page was delivered or let go.</summary>
    public void Release() => Interlocked.Decrement(ref heldPages);

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

    private async ValueTask ReadPageAsync(CatchUpRead read, CancellationToken cancellation)
    {
        while (IsStarved && !read.CatchUp.IsCancelled)
        {
            await Task.Delay(Limits.Deliver.ReadRetry, time, cancellation);
        }

        if (read.CatchUp.IsCancelled)
        {
            return;
        }

        if (await TryReadAsync(read.Query, cancellation) is { } page)
        {
            Interlocked.Increment(ref heldPages);
            DeliverTelemetry.CatchUpPages.Add(1);
            read.Shard.Post(new ShardCommand(ShardCommandKind.Page, read.CatchUp.Connection, new CatchUpPage(read.CatchUp, page)));
            return;
        }

        await Task.Delay(Limits.Deliver.ReadRetry, time, cancellation);
        Request(read);
    }

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

    private async ValueTask<LogPage?> TryReadAsync(LogQuery query, CancellationToken cancellation)
    {
        try
        {
            return await store.ReadPageAsync(query, cancellation) is { } page ? await KeepConcernedAsync(page, query, cancellation) : null;
        }
        catch (DbException e)
        {
            DeliverLog.RetentionUnknown(logger, e);
            return null;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            DeliverLog.CatchUpFailed(logger, e);
            return null;
        }
    }
}

internal sealed record CatchUpPage(CatchUp CatchUp, LogPage Page);
