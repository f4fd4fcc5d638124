using Gateway.Access;
using Gateway.Messages;
using Gateway.Tests.Support;

namespace Gateway.Tests.Access;

public sealed class KeyUsageTests
{
    [Fact]
    public async Task Stamps_WhileTheDatabaseIsAway_WaitAndTheNewestIsWritten()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (key, _) = await fixture.SignInAsync();
        var log = new RecordedLog<KeyUsage>();
        var usage = new KeyUsage(fixture.Database, fixture.Time, log);
        usage.Note(key.Id, 1000);
        fixture.Database.IsAway = true;
        Assert.False(await usage.FlushAsync(CancellationToken.None));
        usage.Note(key.Id, 3000);
        Assert.False(await usage.FlushAsync(CancellationToken.None));
        usage.Note(key.Id, 2000);
        Assert.Equal(1, log.Count(1740));

        fixture.Database.IsAway = false;
        Assert.True(await usage.FlushAsync(CancellationToken.None));
        Assert.Equal("3000", await fixture.ReadAsync("SELECT last_used_at_ms FROM api_keys"));
    }

    [Fact]
    public async Task Stamps_ByTheLoop_AreWrittenInTimeAndAtTheEnd()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (key, _) = await fixture.SignInAsync();
        var usage = new KeyUsage(fixture.Database, fixture.Time, new RecordedLog<KeyUsage>());
        using var stop = new CancellationTokenSource();
        usage.Note(key.Id, 1000);
        var loop = usage.RunAsync(stop.Token);
        fixture.Time.Advance(Limits.Access.KeyUsageFlush);
        await Poll.UntilAsync(async () => await fixture.ReadAsync("SELECT last_used_at_ms FROM api_keys") == "1000", TimeSpan.FromSeconds(20), () => "the stamp was not written");

        usage.Note(key.Id, 2000);
        await stop.CancelAsync();
        await loop.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("2000", await fixture.ReadAsync("SELECT last_used_at_ms FROM api_keys"));
    }

    [Fact]
    public async Task Stamps_OverTheirBound_LeaveThoseThatWaitAlone()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await fixture.ExecuteAsync(
            $"""
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= {Limits.Access.KeyUsageStamps})
               INSERT INTO api_keys (id, name, hash, is_admin, created_at_ms) SELECT i, 'test', '', 0, 0 FROM n
             """);
        var usage = new KeyUsage(fixture.Database, fixture.Time, new RecordedLog<KeyUsage>());
        for (var id = 1; id <= Limits.Access.KeyUsageStamps + 1; id++) usage.Note(id, 1000);
        usage.Note(1, 2000);

        // More than one transaction's worth, too.
        Assert.True(Limits.Access.KeyUsageStamps > Limits.Access.KeyUsageStep);
        Assert.True(await usage.FlushAsync(CancellationToken.None));
        Assert.Equal($"{Limits.Access.KeyUsageStamps}", await fixture.ReadAsync("SELECT COUNT(last_used_at_ms) FROM api_keys"));
        Assert.Equal("2000", await fixture.ReadAsync("SELECT last_used_at_ms FROM api_keys WHERE id = 1"));

        usage.Note(Limits.Access.KeyUsageStamps + 1, 3000);
        Assert.True(await usage.FlushAsync(CancellationToken.None));
        Assert.Equal("3000", await fixture.ReadAsync($"SELECT last_used_at_ms FROM api_keys WHERE id = {Limits.Access.KeyUsageStamps + 1}"));
    }
}
