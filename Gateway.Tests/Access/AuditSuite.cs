using System.Globalization;
using Gateway.Access;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Access;

/// <summary>The audit log on one engine: denials, reading, retention.</summary>
public abstract class AuditSuite : IAsyncLifetime
{
    private readonly RecordedLog<AuditDenials> log = new();
    private OpenedStorage storage = null!;
    private SwitchedDatabase database = null!;

    internal FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private static Actor Stranger(string address = "192.0.2.1") => new(ActorKind.Nobody, 0, "", address, "r1");
    private static Actor Key(long id) => new(ActorKind.ApiKey, id, $"key {id}", "192.0.2.1", "r2");

    internal abstract ValueTask<StorageUrl> CreateAsync();

    public async Task InitializeAsync()
    {
        storage = StorageFactory.Open(await CreateAsync(), Time);
        database = new SwitchedDatabase(storage.Database);
        Assert.True((await new Migrator(storage.Database, Time).MigrateAsync(default)).IsReady);
    }

    public async Task DisposeAsync() => await storage.Database.DisposeAsync();

    private AuditDenials Denials() => new(database, Time, log);

    private AuditQueries Queries() => new(database);

    private async Task<IReadOnlyList<AuditLine>> AllAsync() => (await Queries().ReadAsync(new AuditFilter(), long.MaxValue, 500, default)).Lines;

    /// <summary>Changes as administration writes them, one a minute.</summary>
    private async Task ChangeAsync(int count, string action = "bot.add", Actor? actor = null)
    {
        for (var number = 0; number < count; number++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            await ControlTransaction.RunAsync(
                database,
                async commands =>
                {
                    await commands.AuditAsync(actor ?? Key(1), Time.GetUtcNow(), new AuditEntry(action, "bot", number.ToString(CultureInfo.InvariantCulture), null, """{"name":"a"}"""));
                    return true;
                },
                default);
        }
    }

    [Fact]
    public async Task Denials_TenThousandOfOneMinute_AreOneRowWithTheirCount()
    {
        var denials = Denials();
        for (var number = 0; number < 10_000; number++) denials.Note(Stranger(), "auth.key", "api_key", number.ToString(CultureInfo.InvariantCulture));
        Assert.True(await denials.FlushAsync());
        var first = Assert.Single(await AllAsync());
        Assert.Equal(("auth.key", "denied", 10_000L, "192.0.2.1", "r1", "0"), (first.Action, first.Outcome, first.Count, first.Address, first.RequestId, first.TargetId));
        Assert.Equal(Time.GetUtcNow().ToUnixTimeMilliseconds(), first.AtMs);

        // Within the minute nothing more is written; afterwards once.
        for (var number = 0; number < 5; number++) denials.Note(Stranger(), "auth.key", "api_key", "0");
        var opens = database.Opens;
        Assert.True(await denials.FlushAsync());
        Assert.Equal(opens, database.Opens);
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await denials.FlushAsync());
        Assert.Equal(10_005, Assert.Single(await AllAsync()).Count);
        opens = database.Opens;
        Assert.True(await denials.FlushAsync());
        Assert.Equal(opens, database.Opens);
    }

    [Fact]
    public async Task Denials_AfterALookWithNothingNew_GoOnInTheSameRow()
    {
        var denials = Denials();
        for (var look = 0; look < 3; look++)
        {
            denials.Note(Stranger(), "auth.key", "api_key", "0");
            Assert.True(await denials.FlushAsync());
            Assert.True(await denials.FlushAsync());
        }

        Assert.Equal(1, Assert.Single(await AllAsync()).Count);
        // The end of the process does not wait for the end of the minute.
        Assert.True(await denials.FlushAsync(isLast: true));
        Assert.Equal(3, Assert.Single(await AllAsync()).Count);
    }

    [Fact]
    public async Task Denials_OfAnotherActorActionAddressOrMinute_AreRowsOfTheirOwn()
    {
        var denials = Denials();
        denials.Note(Stranger(), "auth.login", "user", "anna");
        denials.Note(Stranger("2001:db8::1"), "auth.login", "user", "anna");
        denials.Note(Stranger(), "auth.key", "api_key", "1");
        denials.Note(Key(1), "auth.login", "user", "anna");
        denials.Note(Key(2), "auth.login", "user", "anna");
        denials.Note(new Actor(ActorKind.User, 2, "anna", "192.0.2.1", null), "auth.login", "user", "anna");
        Time.Advance(TimeSpan.FromMinutes(1));
        denials.Note(Stranger(), "auth.login", "user", "anna");
        Assert.True(await denials.FlushAsync());
        var lines = await AllAsync();
        Assert.Equal(7, lines.Count);
        Assert.All(lines, line => Assert.Equal((1L, "denied"), (line.Count, line.Outcome)));
    }

    [Fact]
    public async Task Denials_MoreThanAreKept_AreLetGoAndCounted()
    {
        var denials = Denials();
        for (var number = 0; number < Limits.Access.AuditDenials + 3; number++) denials.Note(Key(number + 1), "bots_list", "route", "");
        denials.Note(Key(1), "bots_list", "route", "");
        Assert.True(await denials.FlushAsync());
        Assert.Contains(log.Lines, line => line.Contains("3 denials", StringComparison.Ordinal));
        await using var connection = await database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM audit_log";
        Assert.Equal(Limits.Access.AuditDenials, Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Denials_OfALongName_AreCutToTheColumn()
    {
        var denials = Denials();
        var name = new string('\u00e9', Limits.Access.AuditTextChars + 1);
        denials.Note(Stranger() with { Name = name }, "auth.login", "user", name);
        Assert.True(await denials.FlushAsync());
        var line = Assert.Single(await AllAsync());
        Assert.Equal((name[1..], name[1..]), (line.ActorName, line.TargetId));
    }

    [Fact]
    public async Task Denials_DatabaseAway_WaitForIt()
    {
        var denials = Denials();
        database.IsAway = true;
        denials.Note(Stranger(), "auth.key", "api_key", "1");
        Assert.False(await denials.FlushAsync());
        Time.Advance(TimeSpan.FromMinutes(30));
        denials.Note(Stranger(), "auth.key", "api_key", "1");
        Assert.False(await denials.FlushAsync());
        Assert.Single(log.Lines);
        database.IsAway = false;
        Assert.True(await denials.FlushAsync());
        var lines = await AllAsync();
        Assert.Equal(2, lines.Count);
        // So late that readers of its own time would not look for it any more: it is dated as late as they look.
        Assert.Equal((Time.GetUtcNow() - Limits.Access.AuditDisorder).ToUnixTimeMilliseconds(), lines.Min(line => line.AtMs));
    }

    [Fact]
    public async Task Denials_Loop_WritesEverySecondAndAtTheEnd()
    {
        using var stop = new CancellationTokenSource();
        var denials = Denials();
        var loop = denials.RunAsync(stop.Token);
        denials.Note(Stranger(), "auth.key", "api_key", "1");
        await Poll.UntilAsync(async () => { Time.Advance(Limits.Access.AuditFlush); return (await AllAsync()).Count == 1; }, TimeSpan.FromSeconds(20), () => "a row");
        denials.Note(Stranger("192.0.2.9"), "auth.key", "api_key", "1");
        await stop.CancelAsync();
        await loop.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(2, (await AllAsync()).Count);
    }

    /// <summary>Regression: a stop that came during a write ended the loop without the last one.</summary>
    [Fact]
    public async Task Denials_LoopStoppedDuringAWrite_WritesWhatCameMeanwhile()
    {
        using var stop = new CancellationTokenSource();
        var denials = Denials();
        denials.Note(Stranger(), "auth.key", "api_key", "1");
        database.BeforeOpen = async _ =>
        {
            database.BeforeOpen = null;
            denials.Note(Stranger("192.0.2.9"), "auth.key", "api_key", "1");
            await stop.CancelAsync();
        };
        var loop = denials.RunAsync(stop.Token);
        Time.Advance(Limits.Access.AuditFlush);
        await loop.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(2, (await AllAsync()).Count);
    }

    [Fact]
    public async Task Read_Pages_AreNewestFirstAndWhole()
    {
        await ChangeAsync(7);
        List<long> seen = [];
        for (long? before = long.MaxValue; before is { } at;)
        {
            var page = await Queries().ReadAsync(new AuditFilter(), at, 3, default);
            seen.AddRange(page.Lines.Select(line => line.Id));
            before = page.Next;
        }

        Assert.Equal([7L, 6, 5, 4, 3, 2, 1], seen);
        var line = (await AllAsync())[0];
        Assert.Equal((ActorKind.ApiKey, 1L, "key 1", "bot.add", "bot", "6", "done", 1L), (line.ActorKind, line.ActorId, line.ActorName, line.Action, line.TargetType, line.TargetId, line.Outcome, line.Count));
        Assert.Equal((null, """{"name":"a"}"""), (line.BeforeJson, line.AfterJson));
    }

    [Fact]
    public async Task Read_Filters_PickWhatIsAskedFor()
    {
        await ChangeAsync(2);
        await ChangeAsync(2, "bot.remove", new Actor(ActorKind.User, 5, "anna", null, null));
        await ChangeAsync(1, "bots_list");
        var denials = Denials();
        denials.Note(Key(1), "bot.remove", "bot", "9");
        await denials.FlushAsync();
        async Task Check(string ids, AuditFilter filter) =>
            Assert.Equal(ids, string.Join(' ', (await Queries().ReadAsync(filter, long.MaxValue, 500, default)).Lines.Select(line => line.Id)));
        await Check("4 3", new AuditFilter(ActorKind.User));
        await Check("4 3", new AuditFilter(ActorKind.User, 5));
        await Check("", new AuditFilter(ActorKind.User, 6));
        await Check("6 4 3", new AuditFilter(Action: "bot.remove"));
        await Check("6 4 3 2 1", new AuditFilter(Action: "bot.*"));
        // An underscore is no wildcard.
        await Check("5", new AuditFilter(Action: "bots_*"));
        await Check("", new AuditFilter(Action: "bot_*"));
        await Check("6", new AuditFilter(Outcome: "denied"));
        await Check("5 3 1", new AuditFilter(TargetType: "bot", TargetId: "0"));
        var start = Time.GetUtcNow() - TimeSpan.FromMinutes(5);
        await Check("3 2", new AuditFilter(SinceMs: start.AddMinutes(2).ToUnixTimeMilliseconds(), UntilMs: start.AddMinutes(3).ToUnixTimeMilliseconds()));
    }

    [Fact]
    public async Task Read_PagesOfATime_AreWholeToo()
    {
        await ChangeAsync(9);
        var start = Time.GetUtcNow() - TimeSpan.FromMinutes(8);
        var filter = new AuditFilter(SinceMs: start.AddMinutes(1).ToUnixTimeMilliseconds(), UntilMs: start.AddMinutes(6).ToUnixTimeMilliseconds());
        // So much later that the end of the asked time is looked up and not the newest row.
        Time.Advance(Limits.Access.AuditDisorder * 2);
        await ChangeAsync(2);
        List<long> seen = [];
        for (long? before = long.MaxValue; before is { } at && seen.Count < 20;)
        {
            var page = await Queries().ReadAsync(filter, at, 2, default);
            seen.AddRange(page.Lines.Select(line => line.Id));
            before = page.Next;
        }

        Assert.Equal([7L, 6, 5, 4, 3, 2], seen);
    }

    /// <summary>Rows whose time and place differ in order by as much as is allowed: the widened range finds them all.</summary>
    [Fact]
    public async Task Read_TimesOutOfOrder_AreFoundByTheirTime()
    {
        var denials = Denials();
        denials.Note(Stranger(), "auth.key", "api_key", "1");
        var at = Time.GetUtcNow().ToUnixTimeMilliseconds();
        await ChangeAsync(9);
        await denials.FlushAsync();
        await ChangeAsync(20);
        var found = (await Queries().ReadAsync(new AuditFilter(SinceMs: at, UntilMs: at), long.MaxValue, 10, default)).Lines;
        Assert.Equal((10L, "denied"), (found.Single().Id, found.Single().Outcome));
        // Row 10 is dated before the first change and stands behind nine of them: it is no sign that all before it are too old.
        var since = Time.GetUtcNow().AddMinutes(-28).ToUnixTimeMilliseconds();
        found = (await Queries().ReadAsync(new AuditFilter(SinceMs: since), long.MaxValue, 100, default)).Lines;
        Assert.Equal(Enumerable.Range(1, 30).Where(id => id != 10).Select(id => (long)id).Reverse(), found.Select(line => line.Id));
    }

    [Fact]
    public async Task Read_RareInALongLog_EndsAPageEarlyAndGoesOn()
    {
        await ChangeAsync(1, "user.password");
        await using (var connection = await database.OpenAsync(default))
        {
            // As many rows between as one page looks at.
            await using var command = connection.CreateCommand();
            command.CommandText =
                $"""
                INSERT INTO audit_log (at_ms, actor_kind, actor_id, actor_name, action, target_type, target_id, outcome)
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {(Limits.Access.AuditScan / 100) + 1}), h(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM h WHERE i < 100)
                SELECT 1772370000000, 1, 1, 'k', 'bot.add', 'bot', '1', 'done' FROM n CROSS JOIN h
                """;
            await command.ExecuteNonQueryAsync();
        }

        var filter = new AuditFilter(Action: "user.password");
        var first = await Queries().ReadAsync(filter, long.MaxValue, 10, default);
        Assert.Empty(first.Lines);
        Assert.NotNull(first.Next);
        var second = await Queries().ReadAsync(filter, first.Next.Value, 10, default);
        Assert.Equal(1, second.Lines.Single().Id);
        Assert.Null(second.Next);

        // On both sides of the place where the first page ends.
        await ControlTransaction.RunQuietAsync(
            database, commands => commands.ExecuteAsync("UPDATE audit_log SET action = 'user.password' WHERE id IN (@last, @next)", ("@last", first.Next), ("@next", first.Next - 1)), default);
        first = await Queries().ReadAsync(filter, long.MaxValue, 10, default);
        second = await Queries().ReadAsync(filter, first.Next!.Value, 10, default);
        Assert.Equal([first.Next.Value, first.Next.Value - 1, 1], first.Lines.Concat(second.Lines).Select(line => line.Id));
    }

    [Fact]
    public async Task Retention_Sweep_DeletesTheOldInSteps()
    {
        await ChangeAsync(1, "bot.first");
        await using (var connection = await database.OpenAsync(default))
        {
            await using var command = connection.CreateCommand();
            command.CommandText =
                $"""
                INSERT INTO audit_log (at_ms, actor_kind, actor_id, actor_name, action, target_type, target_id, outcome)
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Limits.Access.AuditStep + 1})
                SELECT 1000, 1, 1, 'k', 'bot.add', 'bot', '1', 'done' FROM n
                """;
            await command.ExecuteNonQueryAsync();
        }

        Time.Advance(TimeSpan.FromDays(2));
        await ChangeAsync(1, "bot.last");
        var retention = new AuditRetention(database, TimeSpan.FromDays(3), Time, log);
        var sweep = retention.SweepAsync(default);
        await Poll.UntilAsync(() => { Time.Advance(Limits.Access.AuditPause); return sweep.IsCompleted; }, TimeSpan.FromSeconds(30), () => "the sweep");
        Assert.Equal(Limits.Access.AuditStep + 1, await sweep);
        Assert.Equal(["bot.last", "bot.first"], (await AllAsync()).Select(line => line.Action));
        Assert.Equal(0, await retention.SweepAsync(default));
        Time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, await retention.SweepAsync(default));
    }

    [Fact]
    public async Task Retention_LineAsOldAsIsKept_Stays()
    {
        await ChangeAsync(1);
        var retention = new AuditRetention(database, TimeSpan.FromDays(3), Time, log);
        Time.Advance(TimeSpan.FromDays(3));
        Assert.Equal(0, await retention.SweepAsync(default));
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await retention.SweepAsync(default));
    }

    [Fact]
    public async Task Retention_Loop_LooksEveryHourAndOutlivesTheDatabase()
    {
        await ChangeAsync(1);
        using var stop = new CancellationTokenSource();
        database.IsAway = true;
        var loop = new AuditRetention(database, TimeSpan.FromDays(1), Time, log).RunAsync(stop.Token);
        await Poll.UntilAsync(() => { Time.Advance(Limits.Access.AuditRetentionInterval); return log.Lines.Count > 0; }, TimeSpan.FromSeconds(20), () => "a failed turn");
        database.IsAway = false;
        await Poll.UntilAsync(async () => { Time.Advance(Limits.Access.AuditRetentionInterval); return (await AllAsync()).Count == 0; }, TimeSpan.FromSeconds(20), () => "an empty log");
        await stop.CancelAsync();
        await loop.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
