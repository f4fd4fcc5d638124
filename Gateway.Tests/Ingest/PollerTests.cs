using System.Text.Json;
using Gateway.Ingest;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Ingest;

public sealed class PollerTests : IAsyncLifetime
{
    private readonly ScriptedCommitter committer = new();
    private readonly RecordedLog<PollerPool> log = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly HttpMessageInvoker http = BotApiClient.NewHttp();
    private readonly DirectoryInfo parkedFolder = Directory.CreateTempSubdirectory("gateway-parked-");
    private ParkedUpdates parked = null!;
    private FakeTelegram telegram = null!;
    private BotTable table = null!;
    private BotDirectory bots = null!;

    public async Task InitializeAsync()
    {
        parked = new ParkedUpdates(parkedFolder.FullName);
        telegram = await FakeTelegram.StartAsync();
        table = await BotTable.CreateAsync();
        bots = new BotDirectory(table.Database, acceptTokens: true, new RecordedLog<BotDirectory>());
        await table.AddAsync(111, FakeTelegram.Token, "secret", "poll", baseUrl: telegram.BaseUrl + "/");
        await bots.ReloadAsync(default);
    }

    public async Task DisposeAsync()
    {
        Assert.DoesNotContain(log.Lines, line => line.Contains("the-secret-token", StringComparison.Ordinal));
        await telegram.DisposeAsync();
        await committer.DisposeAsync();
        await table.DisposeAsync();
        http.Dispose();
        parkedFolder.Delete(recursive: true);
    }

    private static string Update(long id) => $$"""{ "update_id":{{id}},"message":{"text":"\ud83d \u0000 [{]","message_id":{{id}},"chat":{"id":3} } }""";

    private Run Start() => new(new PollerPool(bots, table.Secrets, http, "http://127.0.0.1:1", committer.Queue, parked, time, new Random(1), log));

    /// <summary>A pool that runs until the test lets it go, as one process does.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task task;

        public Run(PollerPool pool)
        {
            Pool = pool;
            task = pool.RunAsync(stop.Token);
        }

        public PollerPool Pool { get; }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await task.WaitAsync(TimeSpan.FromSeconds(20));
            stop.Dispose();
        }
    }

    private static long? OffsetOf(JsonElement call) => call.TryGetProperty("offset", out var offset) ? offset.GetInt64() : null;

    [Fact]
    public async Task Run_Updates_AreStoredByteForByteAndThenConfirmed()
    {
        telegram.Add(10, Update(10));
        telegram.Add(11, "{\"update_id\":11,\"hologram\":{}}");
        await using var run = Start();
        await telegram.WaitForCallsAsync(2);
        Assert.Equal([(1L, Update(10)), (1L, "{\"update_id\":11,\"hologram\":{}}")], committer.Arrived);
        Assert.Equal([null, 12], telegram.Calls.Select(OffsetOf));
        Assert.Equal(PollerState.Polling, Assert.Single(run.Pool.Statuses).State);
        foreach (var call in telegram.Calls)
        {
            Assert.Equal(UpdateKinds.Names, call.GetProperty("allowed_updates").EnumerateArray().Select(kind => kind.GetString()!));
            Assert.Equal((100, 30), (call.GetProperty("limit").GetInt32(), call.GetProperty("timeout").GetInt32()));
        }
    }

    /// <summary>L1: the process dies after getUpdates and before the commit; the next one gets the same updates again.</summary>
    [Fact]
    public async Task Run_KilledBeforeTheCommit_LosesNothing()
    {
        telegram.Add(10, Update(10));
        committer.Hold();
        var killed = Start();
        await committer.WaitAsync(1);
        Assert.Equal([10L], telegram.Pending);
        committer.Answer = _ => CommitStatus.ShuttingDown;
        committer.Release();
        await killed.DisposeAsync();
        Assert.Equal([10L], telegram.Pending);

        committer.Answer = _ => CommitStatus.Stored;
        await using var next = Start();
        // The connection of the killed one may still count as a poller for a moment.
        await AdvanceUntilAsync(committer.WaitAsync(2));
        Assert.Equal([Update(10), Update(10)], committer.Arrived.Select(each => each.Body));
    }

    [Fact]
    public async Task Run_OneOfABatchNotStored_DoesNotAdvance()
    {
        telegram.Add(10, Update(10));
        telegram.Add(11, Update(11));
        telegram.Add(12, Update(12));
        committer.Answer = body => body == Update(11) ? CommitStatus.Unavailable : CommitStatus.Stored;
        await using var run = Start();
        await log.WaitAsync(1216);
        Assert.Equal(PollerState.NotStored, Assert.Single(run.Pool.Statuses).State);
        Assert.Single(telegram.Calls);

        committer.Answer = _ => CommitStatus.Duplicate;
        await AdvanceUntilAsync(telegram.WaitForCallsAsync(2));
        Assert.Equal([null, 13], telegram.Calls.Select(OffsetOf));
        Assert.Equal(6, committer.Arrived.Count);
    }

    /// <summary>Regression: an update that the database refuses for its data stood before all later ones of its bot for a day, and was lost then.</summary>
    [Fact]
    public async Task Run_OneOfABatchRefusedByTheDatabase_IsKeptInAFileAndConfirmed()
    {
        telegram.Add(10, Update(10));
        telegram.Add(11, Update(11));
        committer.Answer = body => body == Update(10) ? CommitStatus.Refused : CommitStatus.Stored;
        await using var run = Start();
        await telegram.WaitForCallsAsync(2);

        Assert.Equal([null, 12], telegram.Calls.Select(OffsetOf));
        Assert.Equal(Update(10), await File.ReadAllTextAsync(Assert.Single(parkedFolder.GetFiles()).FullName));
        Assert.Equal(1, log.Count(1221));
    }

    [Fact]
    public async Task Run_RefusedUpdateThatCannotBeKept_StaysWithTelegram()
    {
        // A file where the folder should be.
        var blocked = Path.Combine(parkedFolder.FullName, "blocked");
        await File.WriteAllTextAsync(blocked, "");
        parked = new ParkedUpdates(blocked);
        telegram.Add(10, Update(10));
        committer.Answer = _ => CommitStatus.Refused;
        await using var run = Start();
        await log.WaitAsync(1216);

        Assert.Equal([10L], telegram.Pending);
        Assert.Equal(1, log.Count(1222));
    }

    [Fact]
    public void Park_FullFolder_TakesNoMore()
    {
        for (var i = 0; i < Limits.Ingest.ParkedUpdates; i++)
        {
            Assert.NotNull(parked.TryPark(1, BitConverter.GetBytes(i), out _));
        }

        Assert.Null(parked.TryPark(1, "one more"u8, out var reason));
        Assert.Contains("files", reason, StringComparison.Ordinal);
        // One that is there already is durable, room or not.
        Assert.NotNull(parked.TryPark(1, BitConverter.GetBytes(0), out _));
    }

    /// <summary>After an idle week Telegram's ids start again anywhere; an offset kept from before would forget lower ones unseen.</summary>
    [Fact]
    public async Task Run_IdsRestartLower_NothingIsForgotten()
    {
        telegram.Failures.Enqueue((200, $$"""{"ok":true,"result":[{{Update(900)}}] }"""));
        telegram.Failures.Enqueue(FakeTelegram.Empty);
        await using var run = Start();
        await telegram.WaitForCallsAsync(3);
        telegram.Add(5, Update(5));
        await committer.WaitAsync(2);
        Assert.Equal([Update(900), Update(5)], committer.Arrived.Select(each => each.Body));
        await telegram.WaitForCallsAsync(4);
        Assert.Equal([null, 901, null, 6], telegram.Calls.Select(OffsetOf));
    }

    [Fact]
    public async Task Run_BotWithAWebhook_IsNotPolledUntilItIsGone()
    {
        telegram.WebhookUrl = "https://elsewhere.example/hook/with-a-secret";
        telegram.Add(10, Update(10));
        await using var run = Start();
        await log.WaitAsync(1212);
        Assert.Equal((PollerState.WebhookIsSet, "has a webhook at elsewhere.example"), (run.Pool.Statuses[0].State, run.Pool.Statuses[0].Detail));
        Assert.Empty(telegram.Calls);
        Assert.DoesNotContain(log.Lines, line => line.Contains("with-a-secret", StringComparison.Ordinal));
        telegram.WebhookUrl = "";
        await AdvanceUntilAsync(committer.WaitAsync(1));
    }

    [Theory]
    [InlineData(409, """{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}""", 1213, nameof(PollerState.Conflict))]
    [InlineData(401, """{"ok":false,"error_code":401,"description":"Unauthorized"}""", 1214, nameof(PollerState.TokenRejected))]
    [InlineData(404, """{"ok":false,"error_code":404,"description":"Not Found"}""", 1214, nameof(PollerState.TokenRejected))]
    [InlineData(502, "<html>Bad Gateway</html>", 1215, nameof(PollerState.Failing))]
    [InlineData(200, "", 1215, nameof(PollerState.Failing))]
    [InlineData(200, """{"ok":true}""", 1215, nameof(PollerState.Failing))]
    [InlineData(500, """{"ok":false,"description":null,"parameters":null}""", 1215, nameof(PollerState.Failing))]
    [InlineData(200, """{"\ud83d":1,"ok":"\ud83d","description":"\ud83d"}""", 1215, nameof(PollerState.Failing))]
    public async Task Run_CallFails_IsReportedAndTriedAgain(int status, string body, int eventId, string state)
    {
        telegram.Failures.Enqueue((status, body));
        telegram.Add(10, Update(10));
        await using var run = Start();
        await log.WaitAsync(eventId);
        await WaitForStateAsync(run, state);
        await AdvanceUntilAsync(committer.WaitAsync(1));
        Assert.Equal([null, null], telegram.Calls.Take(2).Select(OffsetOf));
        await log.WaitAsync(1219);
    }

    [Fact]
    public async Task Run_TooManyRequests_WaitsAsLongAsTold()
    {
        telegram.Failures.Enqueue((429, """{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"other":[1],"retry_after":77}}"""));
        telegram.Add(10, Update(10));
        await using var run = Start();
        await log.WaitAsync(1215);
        await WaitForStateAsync(run, nameof(PollerState.Failing));
        time.Advance(TimeSpan.FromSeconds(76));
        Assert.Single(telegram.Calls);
        await AdvanceUntilAsync(committer.WaitAsync(1));
    }

    [Fact]
    public async Task Run_ServerAway_IsUnreachable()
    {
        await table.ExecuteAsync("UPDATE bots SET base_url = 'http://127.0.0.1:1'");
        await bots.ReloadAsync(default);
        await using var run = Start();
        await log.WaitAsync(1215);
        await WaitForStateAsync(run, nameof(PollerState.Failing));
    }

    [Fact]
    public async Task Run_BotsChange_PollersFollow()
    {
        await using var run = Start();
        await telegram.WaitForCallsAsync(1);
        // A change that does not concern the bot leaves its long poll alone.
        await table.AddAsync(222, "222:other", "secret-2");
        await bots.ReloadAsync(default);
        await table.ExecuteAsync("UPDATE bots SET mode = 'paused' WHERE telegram_id = 111");
        await bots.ReloadAsync(default);
        await log.WaitAsync(1211);
        Assert.Equal(1, log.Count(1210));
        await table.ExecuteAsync("UPDATE bots SET mode = 'poll' WHERE telegram_id = 111");
        await bots.ReloadAsync(default);
        await log.WaitAsync(1210, 2);
    }

    [Fact]
    public async Task Run_TokenOfAnotherMasterKey_IsReportedNotPolled()
    {
        await using var run = new Run(new PollerPool(
            bots, new Gateway.Access.SecretBox(new Gateway.Access.KeyRing(Gateway.Access.MasterKey.Create())), http, "http://127.0.0.1:1", committer.Queue, parked, time, new Random(1), log));
        await log.WaitAsync(1217);
        Assert.Empty(telegram.Calls);
    }

    /// <summary>Regression: bots without a server of their own were polled at api.telegram.org, whatever Telegram:BaseUrl said.</summary>
    [Fact]
    public async Task Run_BotWithoutItsOwnServer_IsPolledAtTheConfiguredOne()
    {
        await table.ExecuteAsync("UPDATE bots SET base_url = NULL");
        await bots.ReloadAsync(default);
        telegram.Add(10, Update(10));
        await using var run = new Run(new PollerPool(bots, table.Secrets, http, telegram.BaseUrl + "/", committer.Queue, parked, time, new Random(1), log));
        await committer.WaitAsync(1);
    }

    /// <summary>Regression: an update nested too deep for the parser has no id there, so it was never confirmed and asked for again without a pause.</summary>
    [Fact]
    public async Task Run_UpdateThatDoesNotParse_IsConfirmedByItsIdAllTheSame()
    {
        var deep = "{\"x\":" + new string('[', Limits.Ingest.UpdateDepth + 1) + new string(']', Limits.Ingest.UpdateDepth + 1) + ",\"update_id\":10}";
        telegram.Add(10, deep);
        await using var run = Start();
        await telegram.WaitForCallsAsync(2);
        Assert.Equal([deep], committer.Arrived.Select(each => each.Body));
        Assert.Equal([null, 11], telegram.Calls.Select(OffsetOf));
    }

    /// <summary>Regression: what has no id at all came back at once, for ever, as fast as the network goes.</summary>
    [Fact]
    public async Task Run_UpdatesWithoutAnyId_AreStoredAndAskedForAfterAPause()
    {
        telegram.Failures.Enqueue((200, """{"ok":true,"result":[{"update_id":"ten"},17]}"""));
        telegram.Add(10, Update(10));
        await using var run = Start();
        await log.WaitAsync(1220);
        Assert.Equal(["{\"update_id\":\"ten\"}", "17"], committer.Arrived.Select(each => each.Body));
        Assert.Single(telegram.Calls);
        await AdvanceUntilAsync(committer.WaitAsync(3));
    }

    /// <summary>Regression: 0 asked again without a pause, a negative wait and one of years broke the timer.</summary>
    [Theory]
    [InlineData("-5", 1)]
    [InlineData("0", 1)]
    [InlineData("2147483647", 3600)]
    public async Task Run_RetryAfterOutOfReason_IsBounded(string told, int seconds)
    {
        telegram.Failures.Enqueue((429, $$"""{"ok":false,"parameters":{"retry_after":{{told}} } }"""));
        await using var run = Start();
        await log.WaitAsync(1215);
        Assert.EndsWith($"next try in {TimeSpan.FromSeconds(seconds)}", log.Lines.Last().TrimEnd(), StringComparison.Ordinal);
        await WaitForStateAsync(run, nameof(PollerState.Failing));
        time.Advance(TimeSpan.FromSeconds(seconds - 0.5));
        Assert.Single(telegram.Calls);
        time.Advance(TimeSpan.FromSeconds(0.6));
        await telegram.WaitForCallsAsync(2);
    }

    [Fact]
    public async Task Run_AnswerOverItsBound_IsAskedForAgainWithHalfTheUpdates()
    {
        telegram.Failures.Enqueue((200, $$"""{"ok":true,"result":["{{new string('a', Limits.Ingest.PollAnswerBytes)}}"]}"""));
        telegram.Add(10, Update(10));
        await using var run = Start();
        await committer.WaitAsync(1);
        await telegram.WaitForCallsAsync(3);
        Assert.Equal([100, 50, 100], telegram.Calls.Select(call => call.GetProperty("limit").GetInt32()));
    }

    /// <summary>A Telegram that neither answers nor hangs up: the hold it was asked for, and the time that any call may take on top.</summary>
    [Fact]
    public async Task Run_NoAnswerAtAll_IsAFailureAfterHoldAndWait()
    {
        await using var run = Start();
        await telegram.WaitForCallsAsync(1);
        time.Advance(Limits.Ingest.PollHold + Limits.Ingest.CallWait - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, log.Count(1215));
        time.Advance(TimeSpan.FromMilliseconds(1));
        await log.WaitAsync(1215);
        Assert.Contains(log.Lines, line => line.Contains("no answer within 00:00:45", StringComparison.Ordinal));
    }

    /// <summary>Regression: a poller that gets nothing was to be seen in the log only.</summary>
    [Fact]
    public async Task Concern_OfPollersThatGetNothing_NamesBotAndState()
    {
        telegram.Failures.Enqueue((409, """{"ok":false,"description":"Conflict: at https://elsewhere.example/secret"}"""));
        await using var run = Start();
        await WaitForStateAsync(run, nameof(PollerState.Conflict));
        Assert.Equal("1 of 1 bots are not polled: bot 1 (Conflict)", run.Pool.Concern());
        await AdvanceUntilAsync(telegram.WaitForCallsAsync(2));
        telegram.Add(10, Update(10));
        await committer.WaitAsync(1);
        await WaitForStateAsync(run, nameof(PollerState.Polling));
        Assert.Null(run.Pool.Concern());
    }

    [Fact]
    public async Task Concern_OfMoreThanAreNamed_CountsTheRest()
    {
        const int silent = Limits.Ingest.NamedPollers + 1;
        for (var i = 1; i <= silent; i++) await table.AddAsync(200 + i, $"{200 + i}:not-known-there", $"secret{i}", "poll", baseUrl: telegram.BaseUrl + "/");
        await bots.ReloadAsync(default);
        await using var run = Start();
        var begun = $"{silent} of {silent + 1} bots are not polled: ";
        Assert.True(SpinWait.SpinUntil(() => run.Pool.Concern()?.StartsWith(begun, StringComparison.Ordinal) == true, TimeSpan.FromSeconds(20)));
        var concern = run.Pool.Concern()!;
        Assert.Equal(Limits.Ingest.NamedPollers, concern.Split("bot ").Length - 1);
        Assert.EndsWith(", …", concern, StringComparison.Ordinal);
    }

    /// <summary>Turns the clock until what is awaited happens: the poller sleeps only on that clock.</summary>
    private async Task AdvanceUntilAsync(Task happens)
    {
        while (!happens.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.WhenAny(happens, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System));
        }

        await happens;
    }

    private static async Task WaitForStateAsync(Run run, string state)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (run.Pool.Statuses is not [{ } only] || only.State.ToString() != state)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
