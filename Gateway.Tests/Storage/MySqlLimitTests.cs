using System.Data.Common;
using System.Globalization;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Storage;

/// <summary>What a session is allowed is asked of the server itself: what it does then is shown by the fault tests, which freeze one.</summary>
[Collection(MariaDbCollection.Name)]
public sealed class MySqlLimitTests(MariaDbFixture server)
{
    [Fact]
    public async Task Session_OfThePool_HasItsBoundsOnTheServer()
    {
        await using var database = await OpenAsync();
        await using var connection = await database.OpenAsync(default);
        Assert.Equal(Limits.Storage.MySqlLockWait, await VariableAsync(connection, null, "innodb_lock_wait_timeout"));
        Assert.Equal(Limits.Storage.MySqlFrozen, await VariableAsync(connection, null, "net_read_timeout"));
        Assert.Equal(Limits.Storage.MySqlFrozenWrite, await VariableAsync(connection, null, "net_write_timeout"));
        Assert.Equal(Limits.Storage.MySqlPooledIdle, await VariableAsync(connection, null, "wait_timeout"));
        await using var transaction = await database.BeginWriteAsync(connection, default);
        Assert.Equal(Limits.Storage.MySqlFrozen, await VariableAsync(connection, transaction, "wait_timeout"));
    }

    [Fact]
    public async Task Pool_AllInUse_FailsAfterTheConnectWait()
    {
        await using var database = await OpenAsync();
        var taken = new List<DbConnection>();
        for (var i = 0; i < Limits.Storage.MySqlPoolConnections; i++) taken.Add(await database.OpenAsync(default));

        var began = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAnyAsync<DbException>(async () => await database.OpenAsync(default));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), Limits.Storage.MySqlConnect - TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(20));

        await taken[0].DisposeAsync();
        await (await database.OpenAsync(default)).DisposeAsync();
        foreach (var connection in taken) await connection.DisposeAsync();
    }

    [Fact]
    public async Task Request_LongerThanItsBound_FailsAndTheNextIsServed()
    {
        await using var database = await OpenAsync();
        await using (var connection = await database.OpenAsync(default))
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "SELECT SLEEP(60)";
            var began = TimeProvider.System.GetTimestamp();
            await Assert.ThrowsAnyAsync<DbException>(() => command.ExecuteScalarAsync());
            Assert.InRange(TimeProvider.System.GetElapsedTime(began), Limits.Storage.MySqlCommand - TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(30));
        }

        await using var next = await database.OpenAsync(default);
        Assert.Equal(Limits.Storage.MySqlLockWait, await VariableAsync(next, null, "innodb_lock_wait_timeout"));
    }

    [Fact]
    public async Task Migration_AnotherHoldsTheLockForLonger_IsUnavailable()
    {
        await using var database = await OpenAsync();
        await using var other = await database.OpenAsync(default);
        await using var command = other.CreateCommand();
        command.CommandText = "SELECT GET_LOCK(CONCAT('gateway-migrate-', MD5(DATABASE())), 0)";
        Assert.Equal(1L, Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture));

        var outcome = await new Migrator(database, new FakeTimeProvider(), lockWait: TimeSpan.FromSeconds(1)).MigrateAsync(default);
        Assert.Equal(MigrationStatus.Unavailable, outcome.Status);
        Assert.Contains("another process has been migrating", outcome.Reason);
    }

    private async Task<MySqlDatabase> OpenAsync() => new(StorageUrl.TryParse(await server.CreateUrlAsync(), out _)!);

    private static async Task<TimeSpan> VariableAsync(DbConnection connection, DbTransaction? transaction, string name)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"SELECT @@SESSION.{name}";
        return TimeSpan.FromSeconds(Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture));
    }
}
