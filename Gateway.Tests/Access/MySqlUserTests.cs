using Gateway.Access;
using Gateway.Storage;
using Gateway.Tests.Support;

namespace Gateway.Tests.Access;

[Collection(MariaDbCollection.Name)]
public sealed class MySqlUserTests(MariaDbFixture server) : UserSuite
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected override async Task<SessionFixture> OpenAsync() =>
        await SessionFixture.CreateAsync(new MySqlDatabase(StorageUrl.TryParse(await server.CreateUrlAsync(), out var reason) ?? throw new InvalidOperationException(reason)));

    /// <summary>Without the lock that <see cref="UserTable.OpenAsync"/> takes, each finds the other still there.</summary>
    [Fact]
    public async Task LastAdmin_TwoDemotedInTheSameMoment_OneStays()
    {
        await using var fixture = await OpenAsync();
        var (one, two) = (await fixture.AddUserAsync("one", Roles.Admin), await fixture.AddUserAsync("two", Roles.Admin));

        var outcomes = await ChangeInTheSameMomentAsync(fixture, (one, new UserChange(Roles: [Roles.Viewer])), (two, new UserChange(Roles: [Roles.Viewer])));

        Assert.Equal([UserStatus.Done, UserStatus.LastAdmin], outcomes.Select(outcome => outcome.Status).Order());
        Assert.Equal(1, await fixture.NumberAsync("SELECT COUNT(*) FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE r.name = 'admin'"));
    }

    /// <summary>Without that lock both write the whole user as each read it, and the later one takes the earlier one's change back.</summary>
    [Fact]
    public async Task Change_TwoThingsOfOneUserInTheSameMoment_LosesNeither()
    {
        await using var fixture = await OpenAsync();
        var anna = await fixture.AddUserAsync("anna", Roles.Operator);

        var outcomes = await ChangeInTheSameMomentAsync(fixture, (anna, new UserChange(IsDisabled: true)), (anna, new UserChange(Roles: [Roles.Viewer])));

        Assert.All(outcomes, outcome => Assert.Equal(UserStatus.Done, outcome.Status));
        var (users, _) = await fixture.Queries.ListAsync(0, 10, default);
        Assert.True(users[0].IsDisabled);
        Assert.Equal([Roles.Viewer], users[0].Roles);
    }

    /// <summary>Both come as far as they can while somebody else holds the row that every change raises last; then they go on.</summary>
    private static async Task<UserOutcome[]> ChangeInTheSameMomentAsync(SessionFixture fixture, params (long Id, UserChange Change)[] changes)
    {
        await using var holder = await fixture.Database.OpenAsync(default);
        await using var held = await fixture.Database.BeginWriteAsync(holder, default);
        await using (var hold = holder.CreateCommand())
        {
            hold.Transaction = held;
            hold.CommandText = "SELECT version FROM control_version WHERE id = 1 FOR UPDATE";
            await hold.ExecuteScalarAsync();
        }

        var running = changes.Select(each => Task.Run(() => fixture.Users.ChangeAsync(Actor.CommandLine, Authority.Whole, each.Id, each.Change, default))).ToArray();
        // Of the whole server, on which the classes of a collection come one after another.
        await Poll.UntilAsync(async () => await WaitingAsync(fixture.Database) == 2, Patience, () => "the two changes do not both wait");
        await held.CommitAsync();
        return await Task.WhenAll(running);
    }

    /// <summary>Not from innodb_trx, which shows an old state for as long as it is asked more often than ten times a second.</summary>
    private static async Task<int> WaitingAsync(IDatabase database)
    {
        await using var connection = await database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'";
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return int.Parse(row.GetString(1), System.Globalization.CultureInfo.InvariantCulture);
    }
}
