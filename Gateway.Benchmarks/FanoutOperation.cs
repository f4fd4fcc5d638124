using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Gateway.Messages;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>One event to 256 subscribers through the hub's shards, up to and without the socket: per delivery.</summary>
internal sealed class FanoutOperation() : Operation("fan-out per subscriber")
{
    private readonly BenchmarkDatabase database = new();
    private readonly CancellationTokenSource end = new();
    private readonly SendCount count = new();
    private Hub? hub;
    private Task loop = Task.CompletedTask;
    private long seq;

    public override async ValueTask SetUpAsync()
    {
        await database.MigrateAsync();
        hub = new Hub(database.Store, new ChatDirectory(database.Database), static () => true, TimeProvider.System, new Random(1), shardCount: 2,
            NullLogger.Instance);
        loop = hub.RunAsync(end.Token);
        LogPosition head = new("benchmrk", 0);
        await hub.OfferAsync(head, [], end.Token);
        while (hub.Position is null)
        {
            await Task.Delay(1, end.Token);
        }

        Principal principal = new(PrincipalId.Key(1), "benchmark") { Grants = Grants.Admin, Permissions = Permission.EventsRead };

        // Each connection is told "subscribed" and "caught up" before it is live; only events are counted.
        count.Expect(int.MaxValue);
        for (int index = 0; index < PerRun; index++)
        {
            Connection connection = hub.Open(principal, WebSocketFraming.Instance, new NullOutlet(count));
            SubscribeOutcome outcome = await connection.SubscribeAsync(new SubscriptionRequest { All = true }, end.Token);
            if (outcome.Error is not null)
            {
                throw new InvalidOperationException($"not subscribed: {outcome.Error}");
            }
        }
    }

    public override async Task RunAsync()
    {
        count.Expect(PerRun);
        LogEvent logEvent = Samples.Event(++seq);
        await hub!.OfferAsync(new LogPosition("benchmrk", seq), [logEvent], end.Token);
        await count.ReachedAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await loop;
        await database.DisposeAsync();
        end.Dispose();
    }
}
