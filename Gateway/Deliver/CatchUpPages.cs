using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// The pages in memory and the reads on their way: after a restart thousands of clients come back at about the same position, and each page
/// is to be read, parsed and encoded once for all of them. A shared page that nobody holds is kept for a few seconds for those who come
/// behind, and makes room for any page that is needed. Called by all shards and readers; the lock covers a walk over at most
/// <see cref="Limits.Deliver.CatchUpPages"/> pages and, once for each read that ends, one over those who wait for it.
/// </summary>
internal sealed class CatchUpPages(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly List<CatchUpPage> kept = [];

    // Those that others may join. A read for chosen chats is nobody else's and is not among them.
    private readonly Dictionary<PageKey, PageRead> reads = [];
    private TaskCompletionSource? room;
    private long uses;

    // Pages in memory, kept or held, and places of reads under way.
    private int count;

    /// <summary>True while a reader waits for a place, all being held: a held page that does not move should be given back.</summary>
    public bool IsStarved
    {
        get
        {
            lock (gate)
            {
                return room is not null;
            }
        }
    }

    /// <returns>The page if it is in memory, now held; else it comes from a read, which is to be queued if it is new.</returns>
    public CatchUpPage? Ask(CatchUpRead read, out PageRead? started)
    {
        started = null;
        lock (gate)
        {
            var start = read.StartSeq;
            foreach (var page in kept)
            {
                if (page.Answers(read))
                {
                    page.Holders++;
                    page.UsedAt = ++uses;
                    return page;
                }

                // A page that is there and ends before the position (large events): reading it again would not help.
                if (read.IsShared && page.ThroughSeq > start && page.ThroughSeq <= read.Query.AfterSeq && page.IsOfSameQuestion(read))
                {
                    start = page.ThroughSeq;
                }
            }

            started = Join(start == read.StartSeq ? read : read with { KnownStart = start });
            return null;
        }
    }

    /// <summary>False: whoever asked is gone, and the read is forgotten.</summary>
    public bool IsWanted(PageRead read)
    {
        lock (gate)
        {
            if (read.Waiting.Exists(static one => !one.CatchUp.IsCancelled))
            {
                return true;
            }

            End(read);
            return false;
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

    /// <summary>Ends a read without a page; answers who still waits for it.</summary>
    public List<CatchUpRead> Forget(PageRead read)
    {
        lock (gate)
        {
            End(read);
            read.Waiting.RemoveAll(static one => one.CatchUp.IsCancelled);
            return read.Waiting;
        }
    }

    /// <summary>Takes the page over, in the place reserved for it, held once for each of those it is for.</summary>
    /// <returns>Whom it does not reach, with where to read instead.</returns>
    public List<CatchUpRead> Complete(PageRead read, CatchUpPage page)
    {
        lock (gate)
        {
            End(read);
            var missed = TakeMissed(read.Waiting, page);
            page.Holders = read.Waiting.Count;
            if (read.IsShared && page.LogId == read.LogId && page.ThroughSeq > page.AfterSeq)
            {
                page.IsKept = true;
                page.UsedAt = ++uses;
                kept.Add(page);
                if (page.Holders == 0)
                {
                    // It can make room at once: a reader that found all places held while this one was being read must not sleep on.
                    WakeReaders();
                }
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
        if (read.IsShared && reads.TryGetValue(read.PageKey, out var underWay))
        {
            underWay.Waiting.Add(read);
            return null;
        }

        var started = new PageRead(read);
        if (read.IsShared)
        {
            reads.Add(started.PageKey, started);
        }

        return started;
    }

    private void End(PageRead read)
    {
        if (read.IsShared)
        {
            reads.Remove(read.PageKey);
        }
    }

    /// <summary>Leaves in the list whom the page is for, in one pass: thousands may wait.</summary>
    private static List<CatchUpRead> TakeMissed(List<CatchUpRead> waiting, CatchUpPage page)
    {
        List<CatchUpRead> missed = [];
        var (left, firstMissed) = (0, long.MaxValue);
        for (var i = 0; i < waiting.Count; i++)
        {
            var one = waiting[i];
            if (one.CatchUp.IsCancelled)
            {
                continue;
            }

            // From its own position there is no other page to be had: that of another identity, or an empty one, is for the shard to judge.
            if (one.Query.AfterSeq == page.AfterSeq || page.LogId != one.LogId || page.Answers(one))
            {
                waiting[left++] = one;
            }
            else
            {
                missed.Add(one);
                firstMissed = Math.Min(firstMissed, one.Query.AfterSeq);
            }
        }

        waiting.RemoveRange(left, waiting.Count - left);
        // Together from the first of them, so each further read is the right one for somebody. A page that did not advance says nothing of
        // where the next one would end: each from its own position.
        var isAdvanced = page.ThroughSeq > page.AfterSeq;
        for (var i = 0; i < missed.Count; i++)
        {
            missed[i] = missed[i] with { KnownStart = isAdvanced ? firstMissed : missed[i].Query.AfterSeq };
        }

        return missed;
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
