using System.Net;
using System.Text;
using Gateway.Storage;
using Gateway.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>Law L6: a gateway that stands still in the middle of a commit does not hold the others.</summary>
[Collection(MariaDbCollection.Name)]
public sealed class FrozenGatewayTests(MariaDbFixture mariaDb, ITestOutputHelper output)
{
    private const int Freezes = 8;

    // The law's bound; the committer's session ends after wait_timeout=2.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Gateway_StoppedAtAnyMoment_HoldsAnotherForThreeSecondsAtMost()
    {
        Random random = Fault.Moments(output);
        string database = await mariaDb.CreateUrlAsync();
        await using GatewayProcess frozen = await GatewayProcess.StartAsync(database);
        await using GatewayProcess other = await GatewayProcess.StartAsync(database);
        TestBot first = await frozen.AddBotAsync(1001);
        TestBot second = await frozen.AddBotAsync(1002);
        TestBot secondThere = second with { WebhookUrl = second.WebhookUrl.Replace($":{frozen.Port}/", $":{other.Port}/", StringComparison.Ordinal) };
        await frozen.PostAsync(first, 1);
        await other.PostAsync(secondThere, 1);

        using UpdatePoster load = new(first, 16, firstId: 2);
        using UpdatePoster probe = new(secondThere, 1);
        using CancellationTokenSource end = new();
        Task loading = load.RunAsync(end.Token);
        TimeSpan slowest = TimeSpan.Zero;
        for (int round = 0; round < Freezes; round++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 200)), TimeProvider.System);
            frozen.Freeze();
            long start = TimeProvider.System.GetTimestamp();
            await StoredAsync(probe, id: round + 2, Longest * 3);
            TimeSpan took = TimeProvider.System.GetElapsedTime(start);
            slowest = took > slowest ? took : slowest;
            frozen.Thaw();
        }

        await end.CancelAsync();
        await loading;
        output.WriteLine($"slowest commit of the other gateway: {slowest.TotalMilliseconds:0} ms");
        Assert.InRange(slowest, TimeSpan.Zero, Longest);
    }

    /// <summary>Stopped when its lock was on the way: what the random moments above may all have missed.</summary>
    [Fact]
    public async Task Gateway_StoppedWithTheHeadLocked_HoldsAnotherForTwoSecondsAndNotForThree()
    {
        TimeSpan took = await StopAtAsync("FROM log_head WHERE id=1 FOR UPDATE", isHeadHeld: true);
        output.WriteLine($"the other gateway committed after {took.TotalMilliseconds:0} ms");
        // Shorter, and the stopped one did not hold the lock: the test would show nothing.
        Assert.InRange(took, TimeSpan.FromSeconds(1), Longest);
    }

    [Fact]
    public async Task Gateway_StoppedWithItsCommitOnTheWay_HoldsNobody()
    {
        TimeSpan took = await StopAtAsync("COMMIT; ", isHeadHeld: false);
        output.WriteLine($"the other gateway committed after {took.TotalMilliseconds:0} ms");
        Assert.InRange(took, TimeSpan.Zero, Longest);
    }

    /// <summary>Stops a gateway when this statement of its committer has reached the proxy, lets the server have it, and measures the other's commit.</summary>
    private async Task<TimeSpan> StopAtAsync(string statement, bool isHeadHeld)
    {
        Uri direct = new(await mariaDb.CreateUrlAsync());
        byte[] words = Encoding.ASCII.GetBytes(statement);
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        GatewayProcess? victim = null;
        await using TcpProxy proxy = new(direct.Port)
        {
            OnPacket = packet =>
            {
                if (Volatile.Read(ref victim) is { } running && TcpProxy.IsQueryWith(packet, words) && Interlocked.CompareExchange(ref victim, null, running) == running)
                {
                    running.Freeze();
                    stopped.TrySetResult();
                }

                return PacketFate.Forward;
            },
        };
        await using GatewayProcess frozen = await GatewayProcess.StartAsync(new UriBuilder(direct) { Port = proxy.Port }.Uri.AbsoluteUri);
        await using GatewayProcess other = await GatewayProcess.StartAsync(direct.AbsoluteUri);
        TestBot first = await frozen.AddBotAsync(1001);
        TestBot second = await frozen.AddBotAsync(1002);
        second = second with { WebhookUrl = second.WebhookUrl.Replace($":{frozen.Port}/", $":{other.Port}/", StringComparison.Ordinal) };
        await frozen.PostAsync(first, 1);
        await other.PostAsync(second, 2);

        using UpdatePoster stuck = new(first, 1, firstId: 3);
        using UpdatePoster probe = new(second, 1, firstId: 4);
        Volatile.Write(ref victim, frozen);
        Task<HttpStatusCode?> waiting = stuck.PostAsync(3);
        await stopped.Task.WaitAsync(Fault.Patience);
        if (isHeadHeld)
        {
            await HeadLockTests.HeadIsLockedAsync(StorageUrl.TryParse(direct.AbsoluteUri, out _)!);
        }

        long start = TimeProvider.System.GetTimestamp();
        await StoredAsync(probe, 4, Longest * 3);
        TimeSpan took = TimeProvider.System.GetElapsedTime(start);
        frozen.Thaw();
        await waiting;
        await StoredAsync(stuck, 3, Fault.Patience);
        await using PullConsumer consumer = new(other.Address, await other.CreateAdminKeyAsync(), "all=true");
        consumer.Start();
        await consumer.Journal.WaitForAsync(3, Fault.Patience);
        await consumer.Journal.WaitForAsync(4, Fault.Patience);
        Fault.CompleteOnceInOrder(consumer.Journal, [1, 2, 3, 4]);
        Fault.Dense(consumer.Journal);
        return took;
    }

    /// <summary>Posts until it is stored: 503 says "again", and what counts is how long the update could not be.</summary>
    private static async Task StoredAsync(UpdatePoster poster, long id, TimeSpan within)
    {
        HttpStatusCode? status = null;
        await Poll.UntilAsync(async () => (status = await poster.PostAsync(id)) == HttpStatusCode.OK, within, () => $"update {id} was answered {status}");
    }
}
