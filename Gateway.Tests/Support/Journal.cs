using System.Collections.Concurrent;

namespace Gateway.Tests.Support;

/// <summary>One event as a consumer received it.</summary>
/// <param name="Update">The bytes of <c>update</c>, empty for gateway-made events.</param>
internal sealed record ReceivedEvent(string LogId, long Seq, string Type, long? UpdateId, byte[] Update);

/// <summary>
/// What a consumer received over all its connections, checked as it comes: within one log id the seq only rises, so nothing comes
/// twice or out of order.
/// </summary>
internal sealed class Journal(string name)
{
    private readonly Lock gate = new();
    private readonly List<ReceivedEvent> events = [];
    private readonly List<string> violations = [];
    private readonly List<string> gaps = [];
    private readonly List<(string, int)> accesses = [];
    private readonly ConcurrentDictionary<long, TaskCompletionSource> awaited = new();

    /// <summary>Called with the arrival's timestamp for each event.</summary>
    public Action<ReceivedEvent, long>? Arrived { get; set; }

    public string Name { get; } = name;

    /// <summary>Where to resume: log id and seq of what was received or told last; null before anything was.</summary>
    public (string LogId, long Seq)? Position { get; private set; }

    public IReadOnlyList<ReceivedEvent> Events
    {
        get
        {
            lock (gate)
            {
                return [.. events];
            }
        }
    }

    /// <summary>The gap messages, as JSON.</summary>
    public IReadOnlyList<string> Gaps
    {
        get
        {
            lock (gate)
            {
                return [.. gaps];
            }
        }
    }

    public int Connections { get; private set; }
    public string? LastDisconnect { get; private set; }

    public void Connected()
    {
        lock (gate)
        {
            Connections++;
        }
    }

    public void Disconnected(string why)
    {
        lock (gate)
        {
            LastDisconnect = why;
        }
    }

    public void Record(ReceivedEvent received)
    {
        lock (gate)
        {
            if (Position is { } last && last.LogId == received.LogId && received.Seq <= last.Seq)
            {
                violations.Add($"{Name}: seq {received.Seq} after position {last.Seq}");
            }

            if (Position is { } before && before.LogId != received.LogId && gaps.Count == 0)
            {
                violations.Add($"{Name}: log {received.LogId} follows {before.LogId} without a gap");
            }

            events.Add(received);
            Position = (received.LogId, received.Seq);
        }

        Arrived?.Invoke(received, TimeProvider.System.GetTimestamp());
        if (received.UpdateId is { } id && awaited.TryGetValue(id, out TaskCompletionSource? waiter))
        {
            waiter.TrySetResult();
        }
    }

    /// <summary>A position without an event: everything up to it was sent or does not match.</summary>
    public void MoveTo(string logId, long seq)
    {
        lock (gate)
        {
            Position = (logId, seq);
        }
    }

    public void RecordGap(string json)
    {
        lock (gate)
        {
            gaps.Add(json);
        }
    }

    /// <summary>What was told of changed permissions, each with the number of events that came before it.</summary>
    public IReadOnlyList<(string Json, int EventsBefore)> Accesses
    {
        get
        {
            lock (gate)
            {
                return [.. accesses];
            }
        }
    }

    public void RecordAccess(string json)
    {
        lock (gate)
        {
            accesses.Add((json, events.Count));
        }
    }

    public void Violate(string what)
    {
        lock (gate)
        {
            violations.Add($"{Name}: {what}");
        }
    }

    /// <summary>Returns when the update has arrived.</summary>
    public async Task WaitForAsync(long updateId, TimeSpan within)
    {
        TaskCompletionSource waiter = awaited.GetOrAdd(updateId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Events.Any(received => received.UpdateId == updateId))
        {
            return;
        }

        try
        {
            await waiter.Task.WaitAsync(within);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name}: update {updateId} did not come; {Events.Count} events, at {Position}, {Connections} connections, the last ended with {LastDisconnect}; {string.Join("; ", Violations)}");
        }
    }

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (gate)
            {
                return [.. violations];
            }
        }
    }
}
