using Gateway.Messages;
using Microsoft.Extensions.Logging;

namespace Gateway.Access;

/// <summary>
/// Reads <c>control_version</c> every 250 ms, and at once when somebody found nothing in memory; on a change reloads the grants of every
/// principal in use and tells the observers. How current the grants are is counted from before the read that found them so: time that
/// passes while the answer travels counts against them.
/// </summary>
internal sealed class ControlVersionWatcher(AccessStore store, TrackedPrincipals principals, TimeProvider time, ILogger logger)
{
    private readonly FreshReads fresh = new(time);
    // Counts the states of the control data that this process saw: unlike the version it never stands for two.
    private long generation;
    private ControlStamp? seen;
    private long loadedGeneration = -1;
    private long toldGeneration = -1;
    private bool isAway;

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var before = time.GetTimestamp();
                await PollAsync(cancellation);
                await WaitAsync(before, cancellation);
            }
        }
        finally
        {
            fresh.End();
        }
    }

    /// <summary>
    /// For whoever found nothing in memory and would have to say so: true when everything is at least as new as this call, so that what a command
    /// wrote before it ended is there. False when the database did not answer; then nothing is known, which is 503 and never 401.
    /// </summary>
    public Task<bool> ReadFreshAsync() => fresh.WaitAsync();

    /// <summary>One look. True when everything is loaded under the version that was read.</summary>
    public async Task<bool> PollAsync(CancellationToken cancellation)
    {
        var served = fresh.Begin();
        var isFresh = false;
        try
        {
            return isFresh = await ReadAsync(cancellation);
        }
        finally
        {
            served.SetResult(isFresh);
        }
    }

    /// <summary>Until the next regular look, or until one is asked for and the last began <see cref="Limits.Access.FreshReadPause"/> ago.</summary>
    private async Task WaitAsync(long before, CancellationToken cancellation)
    {
        var rest = Limits.Access.VersionPoll - time.GetElapsedTime(before);
        if (rest > TimeSpan.Zero)
        {
            await fresh.Asked.WaitAsync(rest, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }

        var pause = Limits.Access.FreshReadPause - time.GetElapsedTime(before);
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, time, cancellation);
        }
    }

    private async Task<bool> ReadAsync(CancellationToken cancellation)
    {
        var before = time.GetTimestamp();
        var stamp = await store.ReadStampAsync(cancellation);
        if (stamp is null || !await LoadAsync(stamp.Value, cancellation))
        {
            NoteAway(true);
            return false;
        }

        NoteAway(false);
        if (principals.ExpireDue())
        {
            // Nothing changed in the database, but some streams have to end.
            toldGeneration = -1;
        }

        // Last: delivery that was held goes on from here, and nothing that is over may be left.
        principals.MarkCurrent(before);

        return await TellAsync(cancellation);
    }

    /// <summary>
    /// What is loaded here was read after the stamp, so it holds every change of that version and perhaps a later one;
    /// a later one is then found by the next poll and loaded again.
    /// </summary>
    private async Task<bool> LoadAsync(ControlStamp stamp, CancellationToken cancellation)
    {
        if (seen is not { } earlier || !stamp.Holds(earlier))
        {
            generation++;
        }

        seen = stamp;
        if (generation == loadedGeneration)
        {
            return true;
        }

        var ids = principals.BeginReload(generation);
        for (var start = 0; start < ids.Length; start += Limits.Access.ReloadKeys)
        {
            var part = ids.AsMemory(start, Math.Min(Limits.Access.ReloadKeys, ids.Length - start));
            var states = await store.ReadStatesAsync(part, cancellation);
            if (states is null)
            {
                return false;
            }

            principals.Apply(part.Span, states);
        }

        AccessLog.ControlChanged(logger, stamp.Version, ids.Length);
        loadedGeneration = generation;
        return true;
    }

    private async Task<bool> TellAsync(CancellationToken cancellation)
    {
        if (generation == toldGeneration)
        {
            return true;
        }

        var all = true;
        foreach (var observer in principals.Observers)
        {
            all &= await observer.OnControlChangedAsync(generation, cancellation);
        }

        toldGeneration = all ? generation : -1;
        return all;
    }

    private void NoteAway(bool away)
    {
        if (away == isAway)
        {
            return;
        }

        isAway = away;
        if (away)
        {
            AccessLog.ControlUnreadable(logger);
        }
        else
        {
            AccessLog.ControlReadable(logger);
        }
    }
}
