using Gateway.Access;
using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Access;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlSessionTests(MariaDbFixture server) : SessionSuite
{
    private protected override async Task<SessionFixture> OpenAsync() =>
        await SessionFixture.CreateAsync(new MySqlDatabase(StorageUrl.TryParse(await server.CreateUrlAsync(), out var reason) ?? throw new InvalidOperationException(reason)));

    /// <summary>Here alone: the other engine has one writer at a time.</summary>
    [Fact]
    public async Task Delete_OfAUserWhoLogsInMeanwhile_LeavesNoSession()
    {
        await using var fixture = await OpenAsync();
        var id = await fixture.AddUserAsync("anna");
        var deleting = Task.FromResult(default(UserOutcome));
        await ControlTransaction.RunQuietAsync(
            fixture.Database,
            async commands =>
            {
                // As a login does it: the user's row is locked, and then its session comes.
                await commands.ReadNumberAsync("SELECT id FROM users WHERE id = @id FOR UPDATE", ("@id", id));
                deleting = Task.Run(() => fixture.Users.DeleteAsync(Actor.CommandLine, Authority.Whole, id, default));
                while (!deleting.IsCompleted && await fixture.NumberAsync("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'INNODB_ROW_LOCK_CURRENT_WAITS'") == 0) await Task.Yield();
                return await commands.ExecuteAsync("INSERT INTO sessions (user_id, created_at_ms, expires_at_ms) VALUES (@id, 0, 1)", ("@id", id));
            },
            default);

        Assert.Equal(UserStatus.Done, (await deleting).Status);
        Assert.Equal(0, await fixture.NumberAsync("SELECT COUNT(*) FROM sessions"));
    }
}
