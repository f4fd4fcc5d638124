using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Deliver;
using Gateway.Deliver.Pull;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Publish;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Faults;

/// <summary>The way behind the commit with its real parts (publisher, bus, bus reader, hub) and one subscriber of everything, who keeps each seq as it came.</summary>
internal sealed class DeliveredLog : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Recorder recorder = new();
    private readonly MySqlDatabase database;
    private readonly Task loops;
    private readonly Hub hub;

    private DeliveredLog(PublishQueue queue, ILogStore store, StorageUrl url)
    {
        database = new MySqlDatabase(url);
        InProcessBus bus = new();
        hub = new Hub(store, new ChatDirectory(database), () => true, TimeProvider.System, new Random(1), shardCount: 1, NullLogger.Instance);
        BusReader reader = new(bus, store, hub, new HighWater(), () => { }, TimeProvider.System, new Random(1), NullLogger.Instance);
        Publisher publisher = new(queue, bus, store, TimeProvider.System, NullLogger.Instance);
        loops = Task.WhenAll(hub.RunAsync(stop.Token), reader.RunAsync(stop.Token), publisher.RunAsync(stop.Token));
    }

    /// <summary>Returns when the subscriber is there, so that what is committed after that comes live.</summary>
    public static async Task<DeliveredLog> StartAsync(PublishQueue queue, ILogStore store, StorageUrl url)
    {
        DeliveredLog delivered = new(queue, store, url);
        await Poll.UntilAsync(() => delivered.hub.Position is not null, Fault.Patience, () => "the hub has no position");
        Principal admin = new(PrincipalId.Key(1), "admin") { Grants = Grants.Admin, Permissions = Permission.EventsRead };
        Connection connection = delivered.hub.Open(admin, PullFraming.Instance, delivered.recorder);
        SubscribeOutcome outcome = await connection.SubscribeAsync(new SubscriptionRequest { All = true, After = 0 }, default);
        Assert.Null(outcome.Error);
        return delivered;
    }

    /// <summary>Every seq up to the last came, each once, in order, and nobody cut the stream.</summary>
    public async Task AssertCompleteAsync(long lastSeq)
    {
        await Poll.UntilAsync(() => recorder.Last >= lastSeq || recorder.Ended is not null, Fault.Patience, () => $"{recorder.Last} of {lastSeq} delivered");
        Assert.Null(recorder.Ended);
        Assert.Equal(0, recorder.Gaps);
        Assert.Equal(Enumerable.Range(1, (int)lastSeq).Select(seq => (long)seq), recorder.Seqs);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loops.WaitAsync(Fault.Patience);
        await database.DisposeAsync();
        stop.Dispose();
    }

    private sealed class Recorder : IOutlet
    {
        private readonly Lock gate = new();
        private readonly List<long> seqs = [];
        private int gaps;
        private string? ended;

        public long[] Seqs
        {
            get
            {
                lock (gate) return [.. seqs];
            }
        }

        public long Last
        {
            get
            {
                lock (gate) return seqs.Count == 0 ? 0 : seqs[^1];
            }
        }

        public int Gaps => Volatile.Read(ref gaps);

        public string? Ended => Volatile.Read(ref ended);

        public SendStatus Send(ReadOnlySpan<byte> frames)
        {
            lock (gate)
            {
                while (!frames.IsEmpty)
                {
                    (PullRecord kind, long seq, int jsonBytes) = PullFraming.ReadHeader(frames);
                    if (kind == PullRecord.Event) seqs.Add(seq);
                    else if (kind == PullRecord.Gap) gaps++;
                    frames = frames[(PullFraming.HeaderBytes + jsonBytes)..];
                }
            }

            return SendStatus.Sent;
        }

        public void Close(CloseCode code) => Volatile.Write(ref ended, code.ToString());

        public void Abort() => Volatile.Write(ref ended, "aborted");
    }
}
