using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Tests.Access;

/// <summary>Adding, changing and removing users; over each engine.</summary>
public abstract class UserSuite
{
    private static readonly Actor Someone = new(ActorKind.User, 77, "someone", "192.0.2.7", "request");

    private protected abstract Task<SessionFixture> OpenAsync();

    private static Task<UserOutcome> ChangeAsync(SessionFixture fixture, long id, UserChange change, Authority? by = null) =>
        fixture.Users.ChangeAsync(Someone, by ?? Authority.Whole, id, change, default);

    [Fact]
    public async Task Add_Always_IsListedAndAuditedWithoutThePassword()
    {
        await using var fixture = await OpenAsync();
        var added = await fixture.Users.AddAsync(Someone, Authority.Whole, "anna", [Roles.Viewer, Roles.Operator], SessionFixture.Password, default);

        var (users, total) = await fixture.Queries.ListAsync(0, 10, default);
        Assert.Equal((1, "anna", false), (total, users[0].Name, users[0].IsDisabled));
        Assert.Equal([Roles.Operator, Roles.Viewer], users[0].Roles);
        Assert.Equal(
            1,
            await fixture.NumberAsync(
                $"SELECT COUNT(*) FROM audit_log WHERE action = 'user.add' AND actor_id = 77 AND target_type = 'user' AND target_id = '{added.Id}' AND after_json LIKE '%operator%'"));
        Assert.Equal(0, await fixture.NumberAsync("SELECT COUNT(*) FROM audit_log WHERE after_json LIKE '%horse%' OR after_json LIKE '%$2a$%'"));
    }

    [Fact]
    public async Task Add_NameTakenRoleUnknownPasswordShort_IsToldAndNothingIsAdded()
    {
        await using var fixture = await OpenAsync();
        await fixture.AddUserAsync("anna");

        Assert.Equal(UserStatus.NameTaken, (await fixture.Users.AddAsync(Someone, Authority.Whole, "anna", [Roles.Viewer], SessionFixture.Password, default)).Status);
        Assert.Equal(new UserOutcome(UserStatus.UnknownRole, 0, "king"), await fixture.Users.AddAsync(Someone, Authority.Whole, "otto", ["king"], SessionFixture.Password, default));
        Assert.Equal(UserStatus.InvalidPassword, (await fixture.Users.AddAsync(Someone, Authority.Whole, "otto", [Roles.Viewer], "short", default)).Status);
        Assert.Equal(1, await fixture.NumberAsync("SELECT COUNT(*) FROM users"));
    }

    [Fact]
    public async Task Add_ManyAtOnceUnderOneName_OneIsAdded()
    {
        await using var fixture = await OpenAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ =>
            Task.Run(() => fixture.Users.AddAsync(Someone, Authority.Whole, "anna", [Roles.Viewer], SessionFixture.Password, default))));

        Assert.Single(outcomes, outcome => outcome.Status == UserStatus.Done);
        Assert.Equal(5, outcomes.Count(outcome => outcome.Status == UserStatus.NameTaken));
    }

    [Fact]
    public async Task Change_Roles_HoldsForTokensInUse()
    {
        await using var fixture = await OpenAsync();
        var tokens = await fixture.EnterAsync("anna", Roles.Viewer);
        var running = await fixture.AcceptAsync(tokens.Access.Text);

        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, tokens.UserId, new UserChange(Name: "berta", Roles: [Roles.Admin]))).Status);
        await fixture.PollAsync();

        Assert.True(running.Grants.IsAdmin);
        // The audit log calls a user by the name that it has.
        Assert.Equal("berta", running.Name);
        Assert.Equal(Permission.All, running.Permissions);
        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, tokens.UserId, new UserChange(IsDisabled: false))).Status);
        Assert.Equal("berta", (await fixture.Queries.FindAsync(tokens.UserId, default))!.Name);
        Assert.Equal(UserStatus.NotFound, (await ChangeAsync(fixture, 4711, new UserChange(Name: "x"))).Status);
        await fixture.AddUserAsync("otto");
        Assert.Equal(UserStatus.NameTaken, (await ChangeAsync(fixture, tokens.UserId, new UserChange(Name: "otto"))).Status);
    }

    [Fact]
    public async Task Change_Disabled_EndsTheSessionsForGood()
    {
        await using var fixture = await OpenAsync();
        var tokens = await fixture.EnterAsync();
        var running = await fixture.AcceptAsync(tokens.Access.Text);

        await ChangeAsync(fixture, tokens.UserId, new UserChange(IsDisabled: true));
        await fixture.PollAsync();
        Assert.True(running.IsRevoked);
        Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync("anna")).Status);
        Assert.Equal(RefreshStatus.Refused, (await fixture.RefreshAsync(tokens.RefreshToken)).Status);

        await ChangeAsync(fixture, tokens.UserId, new UserChange(IsDisabled: false));
        await fixture.PollAsync();
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(tokens.Access.Text)).Status);
        Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna")).Status);
    }

    [Fact]
    public async Task Delete_User_TakesSessionsTicketsAndGrantsAlong()
    {
        await using var fixture = await OpenAsync();
        var tokens = await fixture.EnterAsync();
        var running = await fixture.AcceptAsync(tokens.Access.Text);
        var ticket = await fixture.Tickets.IssueAsync(running, default);
        // One that nobody comes with.
        await fixture.Tickets.IssueAsync(running, default);
        await ControlTransaction.RunAsync(
            fixture.Database,
            commands => commands.ExecuteAsync($"INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, created_at_ms) VALUES (2, {tokens.UserId}, 5, 1, 0), (1, {tokens.UserId}, 5, 1, 0)"),
            default);

        Assert.Equal(UserStatus.Done, (await fixture.Users.DeleteAsync(Someone, Authority.Whole, tokens.UserId, default)).Status);
        await fixture.PollAsync();

        Assert.True(running.IsRevoked);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(ticket.Text)).Status);
        Assert.Equal(RefreshStatus.Refused, (await fixture.RefreshAsync(tokens.RefreshToken)).Status);
        foreach (var table in new[] { "users", "user_roles", "sessions", "refresh_tokens", "tickets" }) Assert.Equal(0, await fixture.NumberAsync($"SELECT COUNT(*) FROM {table}"));
        // The key that happens to have the same number keeps its own.
        Assert.Equal(1, await fixture.NumberAsync("SELECT COUNT(*) FROM grants"));
        Assert.Equal(UserStatus.NotFound, (await fixture.Users.DeleteAsync(Someone, Authority.Whole, tokens.UserId, default)).Status);
    }

    [Fact]
    public async Task LastAdmin_CannotBeDisabledDemotedOrDeleted()
    {
        await using var fixture = await OpenAsync();
        var last = await fixture.AddUserAsync("admin", Roles.Admin);
        var idle = await fixture.AddUserAsync("idle", Roles.Admin);
        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, idle, new UserChange(IsDisabled: true))).Status);

        Assert.Equal(UserStatus.LastAdmin, (await ChangeAsync(fixture, last, new UserChange(IsDisabled: true))).Status);
        Assert.Equal(UserStatus.LastAdmin, (await ChangeAsync(fixture, last, new UserChange(Roles: [Roles.Operator]))).Status);
        Assert.Equal(UserStatus.LastAdmin, (await ChangeAsync(fixture, last, new UserChange(Roles: []))).Status);
        Assert.Equal(UserStatus.LastAdmin, (await fixture.Users.DeleteAsync(Someone, Authority.Whole, last, default)).Status);
        // A disabled admin counts for nothing and may go.
        Assert.Equal(UserStatus.Done, (await fixture.Users.DeleteAsync(Someone, Authority.Whole, idle, default)).Status);
        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, last, new UserChange(Name: "root", Roles: [Roles.Admin, Roles.Viewer]))).Status);
    }

    [Fact]
    public async Task LastAdmin_TwoDemotedAtOnce_OneStays()
    {
        await using var fixture = await OpenAsync();
        for (var round = 0; round < 5; round++)
        {
            var (one, two) = (await fixture.AddUserAsync($"one {round}", Roles.Admin), await fixture.AddUserAsync($"two {round}", Roles.Admin));
            var outcomes = await Task.WhenAll(new[] { one, two }.Select(id => Task.Run(() => ChangeAsync(fixture, id, new UserChange(IsDisabled: true)))));

            Assert.Equal([UserStatus.Done, UserStatus.LastAdmin], outcomes.Select(outcome => outcome.Status).Order());
            await ControlTransaction.RunAsync(fixture.Database, commands => commands.ExecuteAsync("DELETE FROM user_roles"), default);
        }
    }

    [Fact]
    public async Task Authority_GivesNoMoreThanItHasAndTouchesNobodyWhoHasMore()
    {
        await using var fixture = await OpenAsync();
        var admin = await fixture.AddUserAsync("admin", Roles.Admin);
        var viewer = await fixture.AddUserAsync("viewer", Roles.Viewer);
        var clerk = new Authority(Permission.KeyDefault | Permission.UsersRead | Permission.UsersWrite, IsAdmin: false);
        var almost = new Authority(Permission.All, IsAdmin: false);

        foreach (var change in new[] { new UserChange(Password: "taken over"), new UserChange(IsDisabled: true), new UserChange(Name: "x"), new UserChange(Roles: []) })
        {
            Assert.Equal(UserStatus.ExceedsAuthority, (await ChangeAsync(fixture, admin, change, clerk)).Status);
            Assert.Equal(UserStatus.ExceedsAuthority, (await ChangeAsync(fixture, admin, change, almost)).Status);
        }

        Assert.Equal(UserStatus.ExceedsAuthority, (await fixture.Users.DeleteAsync(Someone, almost, admin, default)).Status);
        Assert.Equal(UserStatus.ExceedsAuthority, (await ChangeAsync(fixture, viewer, new UserChange(Roles: [Roles.Operator]), clerk)).Status);
        Assert.Equal(UserStatus.ExceedsAuthority, (await ChangeAsync(fixture, viewer, new UserChange(Roles: [Roles.Admin]), almost)).Status);
        Assert.Equal(UserStatus.ExceedsAuthority, (await fixture.Users.AddAsync(Someone, almost, "new", [Roles.Admin], SessionFixture.Password, default)).Status);
        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, viewer, new UserChange(Password: "new horse"), clerk)).Status);
        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, viewer, new UserChange(Roles: [Roles.Operator]), almost)).Status);
    }

    [Fact]
    public async Task Authority_OfAPrincipalThatEndedMeanwhile_CoversNothing()
    {
        await using var fixture = await OpenAsync();
        var nobody = await fixture.AddUserAsync("nobody in particular");
        await ChangeAsync(fixture, nobody, new UserChange(Roles: []));
        foreach (var end in new Action<Principal>[] { holder => holder.IsRevoked = true, holder => holder.Permissions = Permission.UsersRead, holder => holder.Grants = Grants.None })
        {
            var holder = new Principal(PrincipalId.User(77), "admin") { Permissions = Permission.All, Grants = Grants.Admin };
            var authority = Authority.Of(holder);
            Assert.True(authority.Covers(Permission.All, isAdmin: true));
            end(holder);
            Assert.False(authority.Covers(Permission.All, isAdmin: true));
        }

        var revoked = new Principal(PrincipalId.User(77), "admin") { IsRevoked = true };
        Assert.Equal(UserStatus.ExceedsAuthority, (await ChangeAsync(fixture, nobody, new UserChange(Password: "another horse"), Authority.Of(revoked))).Status);
        Assert.Equal(UserStatus.ExceedsAuthority, (await fixture.Users.DeleteAsync(Someone, Authority.Of(revoked), nobody, default)).Status);
    }

    [Fact]
    public async Task Password_OfAUserWithGrants_IsSetByAdminsOnly()
    {
        await using var fixture = await OpenAsync();
        var viewer = await fixture.AddUserAsync("viewer");
        var clerk = new Authority(Permission.All, IsAdmin: false);
        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, viewer, new UserChange(Password: "another horse"), clerk)).Status);
        await ControlTransaction.RunAsync(
            fixture.Database,
            commands => commands.ExecuteAsync($"INSERT INTO grants (principal_kind, principal_id, chat_id, can_read, created_at_ms) VALUES (2, {viewer}, 5, 1, 0)"),
            default);

        // Logged in as that user, the clerk would read a chat that nobody granted to it.
        Assert.Equal(UserStatus.ExceedsAuthority, (await ChangeAsync(fixture, viewer, new UserChange(Password: "taken over"), clerk)).Status);
        Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("viewer", "another horse")).Status);
        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, viewer, new UserChange(Name: "renamed"), clerk)).Status);
        Assert.Equal(UserStatus.Done, (await ChangeAsync(fixture, viewer, new UserChange(Password: "given anew"))).Status);
    }

    [Fact]
    public async Task Roles_AsSeeded_GiveWhatTheDesignSays()
    {
        await using var fixture = await OpenAsync();
        var roles = (await fixture.Queries.RolesAsync(default)).ToDictionary(role => role.Name, role => role.Permissions);

        Assert.Equal([Roles.Admin, Roles.Operator, Roles.Viewer], roles.Keys);
        Assert.Equal(PermissionNames.All, roles[Roles.Admin]);
        Assert.Equal(["bots:read", "chats:read", "messages:read", "events:read"], roles[Roles.Viewer]);
        Assert.DoesNotContain("users:read", roles[Roles.Operator]);
    }
}
