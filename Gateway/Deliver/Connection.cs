using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// One stream to one client. The public members may be called from any thread: they post to the shard that owns the connection.
/// Everything else (<c>Connection.State.cs</c>) belongs to that shard's loop alone.
/// </summary>
internal sealed partial class Connection
{
    private readonly Hub hub;
    private readonly HubShard shard;
    private volatile Principal principal;
    private int controlBytes;
    private TaskCompletionSource? controlRoom;
    private TaskCompletionSource<CloseCode>? completion;
    private int closeCode;

    internal Connection(Hub hub, HubShard shard, Principal principal, Framing framing, IOutlet outlet)
    {
        this.hub = hub;
        this.shard = shard;
        this.principal = principal;
        Framing = framing;
        Outlet = outlet;
    }

    public Framing Framing { get; }

    public Principal Principal => principal;

    /// <summary>Completes when the shard has let the connection go; nothing is sent through the outlet after that.</summary>
    public Task<CloseCode> Completion
    {
        get
        {
            // Made on demand: ten thousand idle sockets need none.
            var source = Volatile.Read(ref completion);
            if (source is null)
            {
                source = new TaskCompletionSource<CloseCode>(TaskCreationOptions.RunContinuationsAsynchronously);
                source = Interlocked.CompareExchange(ref completion, source, null) ?? source;
                if (Volatile.Read(ref closeCode) is var code and not 0)
                {
                    source.TrySetResult((CloseCode)code);
                }
            }

            return source.Task;
        }
    }

    /// <summary>
    /// Resolves the request and starts the subscription; the shard queues the <c>subscribed</c> frame itself. A refusal is answered
    /// here only: the session writes the error in its own framing.
    /// </summary>
    public ValueTask<SubscribeOutcome> SubscribeAsync(SubscriptionRequest request, CancellationToken cancellation) =>
        hub.SubscribeAsync(this, request, cancellation);

    /// <summary>Starts a subscription that was checked by <see cref="Hub.ResolveAsync"/>.</summary>
    public ValueTask<SubscribeOutcome> StartAsync(ResolvedSubscription resolved)
    {
        var answer = new TaskCompletionSource<SubscribeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        shard.Post(new ShardCommand(ShardCommandKind.Subscribe, this, new SubscriptionOrder(resolved, answer)));
        return new ValueTask<SubscribeOutcome>(answer.Task);
    }

    /// <summary>Ends a subscription by its id; the shard queues the <c>unsubscribed</c> frame behind the events that were queued before.</summary>
    public Task<UnsubscribeOutcome> UnsubscribeAsync(string id)
    {
        var answer = new TaskCompletionSource<UnsubscribeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        shard.Post(new ShardCommand(ShardCommandKind.Unsubscribe, this, new Unsubscription(id, default, answer)));
        return answer.Task;
    }

    /// <summary>Ends every subscription whose only selector is this chat.</summary>
    public Task<UnsubscribeOutcome> UnsubscribeAsync(ChatReference chat)
    {
        var answer = new TaskCompletionSource<UnsubscribeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        shard.Post(new ShardCommand(ShardCommandKind.Unsubscribe, this, new Unsubscription(null, chat, answer)));
        return answer.Task;
    }

    /// <summary>
    /// Queues a whole frame of the session's own (pong, error, ping) in order with the events. The bytes are copied. Returns at once
    /// unless the client takes nothing and <see cref="Limits.Deliver.QueueControlBytes"/> wait already: then the session, by awaiting,
    /// stops reading from that client. One call at a time.
    /// </summary>
    public ValueTask WriteControlAsync(ReadOnlyMemory<byte> frame)
    {
        var queued = Interlocked.Add(ref controlBytes, frame.Length);
        shard.Post(new ShardCommand(ShardCommandKind.Control, this, frame.ToArray()));
        return queued <= Limits.Deliver.QueueControlBytes ? ValueTask.CompletedTask : WaitForRoomAsync();
    }

    /// <summary>
    /// Waits while more control frames wait for the client than <see cref="Limits.Deliver.QueueControlBytes"/>, the shard's own answers
    /// (subscribed, unsubscribed, gap) among them: or one who asks and never reads would make them pile up. One call at a time.
    /// </summary>
    public ValueTask WaitForRoomAsync()
    {
        if (Volatile.Read(ref controlBytes) <= Limits.Deliver.QueueControlBytes)
        {
            return ValueTask.CompletedTask;
        }

        var room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref controlRoom, room);
        Interlocked.MemoryBarrier();

        // The shard may have sent everything between the two: then nobody else would complete it.
        if (Volatile.Read(ref controlBytes) <= Limits.Deliver.QueueControlBytes || Volatile.Read(ref closeCode) != 0)
        {
            room.TrySetResult();
        }

        return new ValueTask(room.Task);
    }

    /// <summary>The credential was renewed (a repeated <c>auth</c>): what leaves from now on is decided by the new principal.</summary>
    public void Renew(Principal renewed)
    {
        principal = renewed;
        shard.Post(new ShardCommand(ShardCommandKind.AccessChanged, this, null));
    }

    /// <summary>Ends the connection in order: control frames queued before are sent, events are not. Completes as <see cref="Completion"/>.</summary>
    public Task<CloseCode> CloseAsync(CloseCode code)
    {
        shard.Post(new ShardCommand(ShardCommandKind.Close, this, null, (int)code));
        return Completion;
    }

    /// <summary>From the outlet: everything given to the <see cref="IOutlet.Send"/> that answered Pending is out.</summary>
    public void OnWritable() => shard.Post(new ShardCommand(ShardCommandKind.Writable, this, null));

    /// <summary>From the outlet or the session: the peer is gone. The shard forgets the connection and does not touch the outlet again.</summary>
    public void OnGone() => shard.Post(new ShardCommand(ShardCommandKind.Gone, this, null));

    /// <summary>Called by the shard for a frame that it queues itself.</summary>
    internal void ControlQueued(int bytes) => Interlocked.Add(ref controlBytes, bytes);

    internal bool HasTooMuchControl => Volatile.Read(ref controlBytes) > Limits.Deliver.QueueControlBytes;

    /// <summary>
    /// From an outlet, on any thread, before it sends the rest of what it was given some time ago: whether that may still leave (law L7). The process
    /// may have stood still meanwhile, and the shard may not have heard of a change yet. Frames that hold no event always may.
    /// </summary>
    internal RestStatus CheckRest()
    {
        if (!Volatile.Read(ref HasSentEvents))
        {
            return RestStatus.Send;
        }

        if (!hub.MayDeliver)
        {
            return RestStatus.Hold;
        }

        var current = principal;
        var mayLeave = !current.IsRevoked && current.Has(Permission.EventsRead) && current.Grants.Covers(SentUnder);
        return mayLeave ? RestStatus.Send : RestStatus.Cut;
    }

    /// <summary>Until it is worth asking again.</summary>
    internal Task WaitForTickAsync() => Task.Delay(Limits.Deliver.Tick, hub.Time);

    /// <summary>Called by the shard when a control frame has left the queue.</summary>
    internal void ControlSent(int bytes)
    {
        if (Interlocked.Add(ref controlBytes, -bytes) <= Limits.Deliver.QueueControlBytes)
        {
            Volatile.Read(ref controlRoom)?.TrySetResult();
        }
    }

    /// <summary>Called by the shard, once.</summary>
    internal void Complete(CloseCode code)
    {
        Interlocked.Exchange(ref closeCode, (int)code);
        Volatile.Read(ref completion)?.TrySetResult(code);
        Volatile.Read(ref controlRoom)?.TrySetResult();
    }
}

/// <summary>A checked subscription on its way to the shard.</summary>
internal sealed record SubscriptionOrder(ResolvedSubscription Resolved, TaskCompletionSource<SubscribeOutcome> Answer);

/// <summary>A request to end a subscription: by id, or (null id) by chat.</summary>
internal sealed record Unsubscription(string? Id, ChatReference Chat, TaskCompletionSource<UnsubscribeOutcome> Answer);
