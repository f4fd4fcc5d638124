using Gateway.Messages;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Faults;

/// <summary>The committer over a MariaDB that stops, is killed, goes silent, or comes back as an older copy of itself.</summary>
public sealed class CommitterDatabaseAwayTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private MariaDbServer server = null!;
    private string url = "";

    public async Task InitializeAsync()
    {
        server = await MariaDbServer.StartAsync();
        url = server.UrlOf(await server.CreateDatabaseAsync());
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Server_StoppedUnderLoad_AnswersUnavailableAndIsBackAtFullSpeedInTwoSeconds()
    {
        await using CommitterUnderLoad load = await CommitterUnderLoad.StartAsync(url, senders: 16);
        await load.MoreAcknowledgedAsync(500, Patience);
        long start = TimeProvider.System.GetTimestamp();
        await load.MoreAcknowledgedAsync(500, Patience);
        TimeSpan before = TimeProvider.System.GetElapsedTime(start);

        await server.StopAsync();
        long answers = load.UnavailableAnswers;
        await load.UnavailableAnswersAsync(answers + 500, Patience);
        await server.StartAgainAsync();
        start = TimeProvider.System.GetTimestamp();
        await load.MoreAcknowledgedAsync(1, Patience);
        TimeSpan away = TimeProvider.System.GetElapsedTime(start);
        await load.MoreAcknowledgedAsync(500, Patience);
        TimeSpan after = TimeProvider.System.GetElapsedTime(start);
        await load.StopSendingAsync();

        Assert.True(away < TimeSpan.FromSeconds(2), $"first commit after {away}");
        Assert.True(after < TimeSpan.FromSeconds(2) + (before * 3), $"500 updates after {after}, {before} before");
        await load.AssertLogIsExactAsync();
    }

    [Fact]
    public async Task Server_KilledUnderLoad_LosesNoAcknowledgedUpdate()
    {
        await using CommitterUnderLoad load = await CommitterUnderLoad.StartAsync(url, senders: 16);
        for (int round = 0; round < 5; round++)
        {
            await load.MoreAcknowledgedAsync(200 + (37 * round), Patience);
            server.Kill();
            await server.StartAgainAsync();
        }

        await load.MoreAcknowledgedAsync(200, Patience);
        await load.StopSendingAsync();
        await load.AssertLogIsExactAsync();
    }

    [Fact]
    public async Task Server_GoesSilentUnderLoad_SendersAreAnsweredAndNothingIsLost()
    {
        await using CommitterUnderLoad load = await CommitterUnderLoad.StartAsync(url, senders: 4);
        await load.MoreAcknowledgedAsync(100, Patience);
        long answers = load.UnavailableAnswers;

        server.Freeze();
        await load.UnavailableAnswersAsync(answers + 4, Patience);
        server.Thaw();
        await load.MoreAcknowledgedAsync(100, Patience);
        await load.StopSendingAsync();
        await load.AssertLogIsExactAsync();
    }

    [Fact]
    public async Task Server_RestoredFromAnOlderCopyUnderLoad_NoPositionNamesTwoPayloads()
    {
        await using CommitterUnderLoad load = await CommitterUnderLoad.StartAsync(url, senders: 8);
        await load.MoreAcknowledgedAsync(200, Patience);
        await server.BackUpAsync();
        await load.MoreAcknowledgedAsync(400, Patience);
        string before = (await load.Store.ReadHeadAsync(default))!.Value.LogId;

        await server.RestoreAsync();
        await load.MoreAcknowledgedAsync(400, Patience);
        await load.StopSendingAsync();

        Gateway.Log.LogHead head = (await load.Store.ReadHeadAsync(default))!.Value;
        Assert.NotEqual(before, head.LogId);
        Assert.Empty(load.Conflicts);
        List<LogEvent> events = await load.ReadAllAsync();
        LogEvent reset = Assert.Single(events, e => e.Kind == GatewayEventKinds.LogReset);
        long highestBefore = load.Published.Keys.Where(position => position.LogId == before).Max(position => position.Seq);
        Assert.True(reset.Seq >= highestBefore + Limits.Log.ResetJump, $"{reset.Seq} after {highestBefore}");
        Assert.All(load.Published.Keys.Where(position => position.LogId != before), position => Assert.True(position.Seq >= reset.Seq));
    }

    [Fact]
    public async Task Server_RestoredTwiceToTheSameCopy_IsHeldAgainstTheOldestIdentitysFloor()
    {
        await using CommitterUnderLoad load = await CommitterUnderLoad.StartAsync(url, senders: 8);
        await load.MoreAcknowledgedAsync(100, Patience);
        await server.BackUpAsync();
        await load.MoreAcknowledgedAsync(200, Patience);
        await server.RestoreAsync();
        await load.MoreAcknowledgedAsync(200, Patience);
        await server.RestoreAsync();
        await load.MoreAcknowledgedAsync(200, Patience);
        await load.StopSendingAsync();

        Assert.Empty(load.Conflicts);
        Assert.Equal(3, load.Published.Keys.Select(position => position.LogId).Distinct().Count());
    }
}
