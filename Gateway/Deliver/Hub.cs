using System.Data.Common;
using Gateway.Access;
using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// All streams of this process. Connections are spread over shards, one per core; each shard's loop owns its connections, so the way
/// of an event takes no lock.
/// </summary>
internal sealed class Hub : IControlObserver
{
    private readonly HubShard[] shards;
    private readonly SelectorResolver selectors;
    private readonly StartResolver starts;
    private readonly CatchUpReader reader;
    private readonly RecentEvents recent = new();
    private readonly Func<bool> isCurrent;
    private readonly Func<Task<bool>> readFresh;
    private string offeredLogId = "";
    private uint nextShard;

    /// <param name="isCurrent">Whether permissions are known to be current; while they are not, delivery holds with connections open.</param>
    /// <param name="readFresh">
    /// Reads permissions at once; false: they cannot be read. Null where nobody changes them. Asked before something is refused, so that
    /// a grant holds for whoever subscribes after it.
    /// </param>
    public Hub(
        ILogStore store, ChatDirectory directory, Func<bool> isCurrent, TimeProvider time, Random random, int shardCount, ILogger logger,
        Func<Task<bool>>? readFresh = null)
    {
        this.isCurrent = isCurrent;
        Time = time;
        this.readFresh = readFresh ?? (static () => Task.FromResult(true));
        selectors = new SelectorResolver(directory);
        starts = new StartResolver(store, directory);
        reader = new CatchUpReader(store, directory, time, logger);
        shards = new HubShard[shardCount];
        for (var i = 0; i < shardCount; i++)
        {
            shards[i] = new HubShard(recent, reader, isCurrent, time, new Random(random.Next()), logger);
        }
    }

    /// <summary>Where live delivery stands; null before the bus reader has found the head of the log.</summary>
    public LogPosition? Position => shards[0].Published;

    public TimeProvider Time { get; }

    /// <summary>Whether permissions are known to be current: for what was collected and leaves only now.</summary>
    public bool MayDeliver => isCurrent();

    /// <summary>Reads permissions at once; false: they cannot be read.</summary>
    public Task<bool> ReadFreshAsync() => readFresh();

    /// <inheritdoc cref="CatchUpReader.IsStarved"/>
    public bool IsStarved => reader.IsStarved;

    /// <summary>Open streams on all transports.</summary>
    public int ConnectionCount
    {
        get
        {
            var count = 0;
            foreach (var shard in shards)
            {
                count += shard.ConnectionCount;
            }

            return count;
        }
    }

    /// <summary>Runs every shard and the catch-up readers until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var loops = new List<Task> { reader.RunAsync(cancellation) };
        foreach (var shard in shards)
        {
            loops.Add(Task.Run(() => shard.RunAsync(cancellation), CancellationToken.None));
        }

        await Task.WhenAll(loops);
    }

    /// <summary>
    /// Registers a connection. The outlet is called only once something is to be sent to it, so the caller may still hand it the
    /// connection after this returns and before the first subscribe.
    /// </summary>
    public Connection Open(Principal principal, Framing framing, IOutlet outlet)
    {
        var shard = shards[Interlocked.Increment(ref nextShard) % (uint)shards.Length];
        var connection = new Connection(this, shard, principal, framing, outlet);
        shard.Post(new ShardCommand(ShardCommandKind.Open, connection, null));
        return connection;
    }

    /// <summary>
    /// From the bus reader's loop, in seq order, without holes: everything of the log up to <paramref name="through"/>. Waits while a
    /// shard has <see cref="Limits.Deliver.ShardBatches"/> batches or <see cref="Limits.Deliver.ShardBytes"/> waiting.
    /// </summary>
    public async ValueTask OfferAsync(LogPosition through, IReadOnlyList<LogEvent> events, CancellationToken cancellation)
    {
        if (through.LogId != offeredLogId)
        {
            recent.Clear();
            offeredLogId = through.LogId;
        }

        // In the ring before any shard hears of them: a catch-up that meets the live end finds them there.
        var encoded = new EncodedEvent[events.Count];
        for (var i = 0; i < encoded.Length; i++)
        {
            recent.Add(encoded[i] = new EncodedEvent(events[i]));
        }

        var batch = new EventBatch(through, encoded);
        foreach (var shard in shards)
        {
            await shard.OfferAsync(batch, cancellation);
        }
    }

    /// <summary>Grants or keys changed: revoked principals lose their streams now. Cheap enough for every control version.</summary>
    public ValueTask<bool> OnControlChangedAsync(long version, CancellationToken cancellation)
    {
        foreach (var shard in shards)
        {
            shard.Post(new ShardCommand(ShardCommandKind.AccessChanged, null, null));
        }

        return ValueTask.FromResult(true);
    }

    /// <summary>Closes every stream with 4101, spread over <see cref="Limits.Deliver.DrainJitter"/>; answers when all are gone or the token fires.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        foreach (var shard in shards)
        {
            shard.Post(new ShardCommand(ShardCommandKind.Drain, null, null));
        }

        foreach (var shard in shards)
        {
            await shard.Drained.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Checks selectors and start without starting anything; SSE and pull ask before they answer 200.</summary>
    public async ValueTask<ResolvedSubscription> ResolveAsync(Principal principal, SubscriptionRequest request, CancellationToken cancellation)
    {
        if (Position is not { } known)
        {
            return ResolvedSubscription.Unavailable;
        }

        try
        {
            var (selector, error) = await SelectAsync(principal, request, cancellation);
            if (selector is null)
            {
                return new ResolvedSubscription(request, null, default, error);
            }

            return await starts.ResolveAsync(request, known, cancellation) is { } start
                ? new ResolvedSubscription(request, selector, start, null)
                : ResolvedSubscription.Unavailable;
        }
        catch (DbException)
        {
            // The store's log lines tell the operator about the database; here it is only an answer to the client.
            return ResolvedSubscription.Unavailable;
        }
    }

    private async ValueTask<(Selector? Selector, RequestError? Error)> SelectAsync(
        Principal principal, SubscriptionRequest request, CancellationToken cancellation)
    {
        // Whoever may read nothing at all is refused nothing by "all", and would miss what a grant of a moment ago lets through.
        var first = request.All && principal.Grants.IsEmpty ? default : await selectors.ResolveAsync(principal, request, cancellation);
        if (first.Selector is not null)
        {
            return first;
        }

        return await readFresh() ? await selectors.ResolveAsync(principal, request, cancellation) : (null, ResolvedSubscription.Unavailable.Error);
    }

    internal async ValueTask<SubscribeOutcome> SubscribeAsync(Connection connection, SubscriptionRequest request, CancellationToken cancellation)
    {
        var resolved = await ResolveAsync(connection.Principal, request, cancellation);
        return resolved.Error is null ? await connection.StartAsync(resolved) : new SubscribeOutcome(default, resolved.Error);
    }
}

/// <summary>A request that was checked: either with its selector and start, or with what is wrong.</summary>
internal sealed record ResolvedSubscription(SubscriptionRequest? Request, Selector? Selector, SubscriptionStart Start, RequestError? Error)
{
    /// <summary>What cannot be checked now is 503 or 4103, never a refusal.</summary>
    public static readonly ResolvedSubscription Unavailable =
        new(null, null, default, new RequestError("UNAVAILABLE", "The log cannot be read now; try again."));
}
