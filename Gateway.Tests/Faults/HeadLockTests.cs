using Gateway.Log;
using Gateway.Log.MySql;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using SampleUpdates = Gateway.Tests.Log.SampleUpdates;

namespace Gateway.Tests.Faults;

/// <summary>A gateway that goes silent while it holds the head lock stops the others for 2 s and a little, wherever it was (law L6).</summary>
[Collection(MariaDbCollection.Name)]
public sealed class HeadLockTests(MariaDbFixture server)
{
    private static readonly LogPosition NoFloor = new("", 0);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private sealed record Moment(string Name, byte Command, string Word, PacketFate Fate);

    private static readonly Moment[] Moments =
    [
        new("after the lock", 3, "FOR UPDATE", PacketFate.ForwardThenFreeze),
        new("before the insert", 0x17, "", PacketFate.Freeze),
        new("in the insert's packet", 0x17, "", PacketFate.FreezeHalfway),
        new("after the insert", 0x17, "", PacketFate.ForwardThenFreeze),
        new("before the commit", 3, "COMMIT; ", PacketFate.Freeze),
        new("in the commit's packet", 3, "COMMIT; ", PacketFate.FreezeHalfway),
    ];

    [Fact]
    public async Task Commit_OtherGatewayFrozenAtAnyMoment_WaitsAtMostThreeSeconds()
    {
        // Each moment on a database of its own, all at once: the time is spent waiting.
        TimeSpan[] waits = await Task.WhenAll(Moments.Select(WaitOfTheOtherAsync));
        for (int i = 0; i < Moments.Length; i++)
        {
            Assert.True(waits[i] < Longest, $"{Moments[i].Name}: {waits[i]}");
            // Shorter, and the frozen one did not hold the lock: the test would show nothing.
            Assert.True(waits[i] > TimeSpan.FromSeconds(1), $"{Moments[i].Name}: {waits[i]}");
        }
    }

    private async Task<TimeSpan> WaitOfTheOtherAsync(Moment moment)
    {
        var url = new Uri(await server.CreateUrlAsync());
        var frozen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isArmed = false;
        await using var proxy = new TcpProxy(url.Port)
        {
            OnPacket = packet =>
            {
                if (!Volatile.Read(ref isArmed) || packet.Span[0] != moment.Command) return PacketFate.Forward;
                if (packet.Span.IndexOf(System.Text.Encoding.ASCII.GetBytes(moment.Word)) < 0) return PacketFate.Forward;
                frozen.TrySetResult();
                return moment.Fate;
            },
        };
        StorageUrl direct = StorageUrl.TryParse(url.AbsoluteUri, out _)!;
        StorageUrl proxied = StorageUrl.TryParse(new UriBuilder(url) { Port = proxy.Port }.Uri.AbsoluteUri, out _)!;
        await using (var database = new MySqlDatabase(direct))
        {
            Assert.True((await new Migrator(database, TimeProvider.System).MigrateAsync(default)).IsReady);
        }

        await using var other = new MySqlLogStore(direct, TimeProvider.System, NullLogger.Instance);
        await using var victim = new MySqlLogStore(proxied, TimeProvider.System, NullLogger.Instance);
        Assert.Equal(BatchOutcome.Committed, await victim.CommitAsync(new CommitBatch([SampleUpdates.Message(1, 1)]), NoFloor));
        Assert.Equal(BatchOutcome.Committed, await other.CommitAsync(new CommitBatch([SampleUpdates.Message(2, 2)]), NoFloor));

        isArmed = true;
        Task<BatchOutcome> stuck = victim.CommitAsync(new CommitBatch([SampleUpdates.Message(3, 3)]), NoFloor).AsTask();
        await frozen.Task.WaitAsync(TimeSpan.FromSeconds(10));
        if (moment.Word == "FOR UPDATE") await HeadIsLockedAsync(direct);

        long start = TimeProvider.System.GetTimestamp();
        var batch = new CommitBatch([SampleUpdates.Message(4, 4)]);
        BatchOutcome outcome;
        do
        {
            outcome = await other.CommitAsync(batch, NoFloor);
        }
        while (outcome == BatchOutcome.Retry);

        TimeSpan wait = TimeProvider.System.GetElapsedTime(start);
        Assert.Equal(BatchOutcome.Committed, outcome);
        Assert.Equal(3, batch.Items[0].Seq);
        Assert.Equal(BatchOutcome.Retry, await stuck.WaitAsync(TimeSpan.FromSeconds(20)));
        return wait;
    }

    /// <summary>The freeze is signalled before its packet reaches the server; this waits until it has.</summary>
    internal static async Task HeadIsLockedAsync(StorageUrl url)
    {
        await using var database = new MySqlDatabase(url);
        await using var connection = await database.OpenPooledAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = "SET SESSION innodb_lock_wait_timeout=0; SELECT seq FROM log_head WHERE id=1 FOR UPDATE";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        while (!limit.IsCancellationRequested)
        {
            try
            {
                await command.ExecuteScalarAsync(limit.Token);
            }
            catch (MySqlConnector.MySqlException e) when (e.ErrorCode == MySqlConnector.MySqlErrorCode.LockWaitTimeout)
            {
                return;
            }
        }

        Assert.Fail("the head was never locked");
    }
}
