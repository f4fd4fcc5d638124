using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// The pages in memory and the reads on their way: after a restart thousands of clients come back at about the same position, and each page
/// is to be read, parsed and encoded once for all of them. A shared page that nobody holds is kept for a few seconds for those who come
/// behind, and makes room for any page that is needed. Called by all shards and readers; the lock covers a walk over at most
/// <see cref="Limits.Deliver.CatchUpPages"/> pages.
/// </summary>
internal sealed class CatchUpPages(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly List<CatchUpPage> kept = [];
    private readonly List<PageRead> reads = [];
    private TaskCompletionSource? room;
    private long uses;

    // Pages in memory, kept or held, and places of reads under way.
    private int count;

    /// <summary>True while a read may be waiting for a place: a held page that does not move should be given back.</summary>
    public bool IsStarved
    {
        get
        {
            lock (gate)
            {
                return count >= Limits.Deliver.CatchUpPages && reads.Count > 0;
            }
        }
    }

    /// <returns>The page if it is in memory, now held; else it comes from a read, which is to be queued if it is new.</returns>
    public CatchUpPage? Ask(CatchUpRead read, out PageRead? started)
    {
        started = null;
        lock (gate)
        {
            var isGridRead = false;
            foreach (var page in kept)
            {
                if (page.Answers(read))
                {
                    page.Holders++;
                    page.UsedAt = ++uses;
                    return page;
                }

                isGridRead |= page.AfterSeq == read.StartSeq;
            }

            // The page of the grid is there and ends before the position (large events): reading it again would not help.
            started = Join(isGridRead ? read with { IsExact = true } : read);
            return null;
        }
    }

    /// <summary>False: whoever asked is gone, and the read is forgotten.</summary>
    public bool IsWanted(PageRead read)
    {
        lock (gate)
        {
            return read.Waiting.Exists(static one => !one.CatchUp.IsCancelled) || !reads.Remove(read);
        }
    }

    /// <summary>Keeps a place for a page that is about to be read.</summary>
    /// <returns>Null: kept. Else all places are held; completes when it is worth trying again.</returns>
    public Task? Reserve()
    {
        lock (gate)
        {
            if (count >= Limits.Deliver.CatchUpPages && !EvictOne())
            {
                return (room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            count++;
            return null;
        }
    }

    /// <summary>The read failed: its place is free.</summary>
    public void Unreserve()
    {
        lock (gate)
        {
            Free();
        }
    }

    /// <summary>Ends a read without a page; answers who waited for it.</summary>
    public List<CatchUpRead> Forget(PageRead read)
    {
        lock (gate)
        {
            reads.Remove(read);
            return read.Waiting;
        }
    }

    /// <summary>Takes the page over, in the place reserved for it, held once for each of those it is for.</summary>
    /// <returns>Whom it does not reach: they read from their own position.</returns>
    public List<CatchUpRead> Complete(PageRead read, CatchUpPage page)
    {
        lock (gate)
        {
            reads.Remove(read);
            read.Waiting.RemoveAll(static one => one.CatchUp.IsCancelled);
            // From its own position there is no other page to be had: that of another identity, or an empty one, is for the shard to judge.
            var missed = read.Waiting.FindAll(one => one.Query.AfterSeq != page.AfterSeq && page.LogId == one.LogId && !page.Answers(one));
            read.Waiting.RemoveAll(missed.Contains);
            page.Holders = read.Waiting.Count;
            if (read.IsShared && page.LogId == read.LogId && page.ThroughSeq > page.AfterSeq)
            {
                page.IsKept = true;
                page.UsedAt = ++uses;
                kept.Add(page);
            }
            else if (page.Holders == 0)
            {
                Free();
            }

            return missed;
        }
    }

    /// <summary>The page was delivered or let go.</summary>
    public void Release(CatchUpPage page)
    {
        lock (gate)
        {
            if (--page.Holders == 0)
            {
                if (page.IsKept)
                {
                    WakeReaders();
                }
                else
                {
                    Free();
                }
            }
        }
    }

    /// <summary>Lets old pages go: memory, and rows that retention deleted meanwhile, are not kept alive by a few who come late.</summary>
    public void Expire()
    {
        lock (gate)
        {
            for (var i = kept.Count - 1; i >= 0; i--)
            {
                if (time.GetElapsedTime(kept[i].ReadAt) > Limits.Deliver.CatchUpPageAge)
                {
                    Drop(i);
                }
            }
        }
    }

    private PageRead? Join(CatchUpRead read)
    {
        foreach (var one in reads)
        {
            if (one.MayAnswer(read))
            {
                one.Waiting.Add(read);
                return null;
            }
        }

        var started = new PageRead(read);
        reads.Add(started);
        return started;
    }

    private bool EvictOne()
    {
        var oldest = -1;
        for (var i = 0; i < kept.Count; i++)
        {
            if (kept[i].Holders == 0 && (oldest < 0 || kept[i].UsedAt < kept[oldest].UsedAt))
            {
                oldest = i;
            }
        }

        if (oldest < 0)
        {
            return false;
        }

        Drop(oldest);
        return true;
    }

    private void Drop(int index)
    {
        var page = kept[index];
        page.IsKept = false;
        kept[index] = kept[^1];
        kept.RemoveAt(kept.Count - 1);
        if (page.Holders == 0)
        {
            Free();
        }
    }

    private void Free()
    {
        count--;
        WakeReaders();
    }

    // All of them: one that finds its catch-up gone takes no place, and the others must not sleep on.
    private void WakeReaders()
    {
        room?.TrySetResult();
        room = null;
    }
}
