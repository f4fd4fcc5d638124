using Gateway.Access;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Tests.Access;

/// <summary>Logins, refresh tokens, tickets and users; over each engine.</summary>
public abstract class SessionSuite
{
    private protected abstract Task<SessionFixture> OpenAsync();

    [Fact]
    public async Task LogIn_RightPassword_GivesTokensOfThatUser()
    {
        await using var fixture = await OpenAsync();
        var tokens = await fixture.EnterAsync("anna", Roles.Operator);

        var principal = await fixture.AcceptAsync(tokens.Access.Text);
        Assert.Equal((PrincipalId.User(tokens.UserId), "anna", tokens.SessionId), (principal.Id, principal.Name, principal.SessionId));
        Assert.True(principal.Has(Permission.BotsWrite));
        Assert.False(principal.Has(Permission.UsersRead));
        Assert.False(principal.Grants.IsAdmin);
        Assert.Equal(tokens.Access.ExpiresAtMs + (long)Limits.Access.TokenClockSkew.TotalMilliseconds, principal.ExpiresAtMs);
        Assert.Same(principal, await fixture.AcceptAsync(tokens.Access.Text));
        Assert.Equal(1, await fixture.NumberAsync($"SELECT COUNT(*) FROM audit_log WHERE action = 'auth.login' AND actor_kind = 2 AND actor_id = {tokens.UserId} AND address = '192.0.2.1'"));
    }

    [Theory]
    [InlineData("anna", "Correct horse")]
    [InlineData("anna", "")]
    [InlineData("Anna", SessionFixture.Password)]
    [InlineData("anna ", SessionFixture.Password)]
    [InlineData("nobody", SessionFixture.Password)]
    [InlineData("' OR 1=1 -- ", SessionFixture.Password)]
    public async Task LogIn_WrongNameOrPassword_IsRefused(string name, string password)
    {
        await using var fixture = await OpenAsync();
        await fixture.AddUserAsync("anna");

        Assert.Equal(new LoginOutcome(LoginStatus.Refused), await fixture.LogInAsync(name, password));
        Assert.Equal(0, await fixture.NumberAsync("SELECT COUNT(*) FROM sessions"));
    }

    [Fact]
    public async Task LogIn_PasswordChangedBetweenCheckAndSession_IsRefused()
    {
        await using var fixture = await OpenAsync();
        var id = await fixture.AddUserAsync("anna");
        var verified = await fixture.Users.ReadHashAsync(id, default);
        await fixture.Users.ChangeAsync(Actor.CommandLine, Authority.Whole, id, new UserChange(Password: "another horse"), default);

        Assert.Null(await fixture.Sessions.OpenAsync(new Actor(ActorKind.User, id, "anna", null, null), verified!, default));
    }

    [Fact]
    public async Task LogIn_UserDisabledBetweenCheckAndSession_IsRefused()
    {
        await using var fixture = await OpenAsync();
        var id = await fixture.AddUserAsync("anna");
        var verified = await fixture.Users.ReadHashAsync(id, default);
        await fixture.Users.ChangeAsync(Actor.CommandLine, Authority.Whole, id, new UserChange(IsDisabled: true), default);

        Assert.Null(await fixture.Sessions.OpenAsync(new Actor(ActorKind.User, id, "anna", null, null), verified!, default));
        Assert.Equal(0, await fixture.NumberAsync("SELECT COUNT(*) FROM sessions"));
    }

    [Fact]
    public async Task Refresh_Token_IsGoodOnceAndGivesTheNextPair()
    {
        await using var fixture = await OpenAsync();
        var first = await fixture.EnterAsync();
        fixture.Time.Advance(TimeSpan.FromDays(6));

        var outcome = await fixture.RefreshAsync(first.RefreshToken);

        Assert.Equal(RefreshStatus.Refreshed, outcome.Status);
        var second = outcome.Tokens!;
        Assert.Equal((first.UserId, first.SessionId), (second.UserId, second.SessionId));
        Assert.NotEqual(first.RefreshToken, second.RefreshToken);
        Assert.Equal(first.SessionId, (await fixture.AcceptAsync(second.Access.Text)).SessionId);
        // The session lives as long as its newest refresh token, which is now seven days from here.
        fixture.Time.Advance(TimeSpan.FromDays(6));
        await fixture.Sweeper.SweepAsync(default);
        outcome = await fixture.RefreshAsync(second.RefreshToken);
        Assert.Equal(RefreshStatus.Refreshed, outcome.Status);
        await fixture.AcceptAsync(outcome.Tokens!.Access.Text);
    }

    [Fact]
    public async Task Refresh_UsedToken_EndsTheWholeSession()
    {
        await using var fixture = await OpenAsync();
        var first = await fixture.EnterAsync();
        var other = (await fixture.LogInAsync("anna")).Tokens!;
        var second = (await fixture.RefreshAsync(first.RefreshToken)).Tokens!;
        var running = await fixture.AcceptAsync(second.Access.Text);
        var untouched = await fixture.AcceptAsync(other.Access.Text);
        // What was changed before is seen now: what is seen next is the end of the session and nothing else.
        await fixture.PollAsync();

        Assert.Equal(RefreshStatus.Reused, (await fixture.RefreshAsync(first.RefreshToken)).Status);
        await fixture.PollAsync();

        Assert.True(running.IsRevoked);
        Assert.False(running.IsTokenExpired);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(second.Access.Text)).Status);
        Assert.Equal(RefreshStatus.Refused, (await fixture.RefreshAsync(second.RefreshToken)).Status);
        Assert.False(untouched.IsRevoked);
        Assert.Equal(1, await fixture.NumberAsync($"SELECT COUNT(*) FROM audit_log WHERE action = 'session.reuse' AND target_id = '{first.SessionId}'"));
    }

    [Fact]
    public async Task Refresh_ManyAtOnceWithOneToken_ExactlyOneWinsAndTheSessionEnds()
    {
        await using var fixture = await OpenAsync();
        var tokens = await fixture.EnterAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => fixture.RefreshAsync(tokens.RefreshToken))));

        Assert.Single(outcomes, outcome => outcome.Status == RefreshStatus.Refreshed);
        Assert.Single(outcomes, outcome => outcome.Status == RefreshStatus.Reused);
        await fixture.PollAsync();
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(outcomes.Single(each => each.Tokens is not null).Tokens!.Access.Text)).Status);
    }

    [Fact]
    public async Task Refresh_AfterSevenDays_IsRefused()
    {
        await using var fixture = await OpenAsync();
        var tokens = await fixture.EnterAsync();
        fixture.Time.Advance(Limits.Access.RefreshTokenLife);

        Assert.Equal(new RefreshOutcome(RefreshStatus.Refused, null), await fixture.RefreshAsync(tokens.RefreshToken));
    }

    [Fact]
    public async Task LogOut_Session_EndsItAndNoOther()
    {
        await using var fixture = await OpenAsync();
        var (mine, other) = (await fixture.EnterAsync(), (await fixture.LogInAsync("anna")).Tokens!);
        await fixture.AcceptAsync(mine.Access.Text);
        var actor = new Actor(ActorKind.User, mine.UserId, "anna", null, null);
        // What was changed before is seen now: what is seen next is the logout and nothing else.
        await fixture.PollAsync();

        Assert.True(await fixture.Sessions.EndAsync(actor, mine.SessionId, default));
        Assert.False(await fixture.Sessions.EndAsync(actor, mine.SessionId, default));
        await fixture.PollAsync();

        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(mine.Access.Text)).Status);
        Assert.Equal(RefreshStatus.Refused, (await fixture.RefreshAsync(mine.RefreshToken)).Status);
        await fixture.AcceptAsync(other.Access.Text);
    }

    [Fact]
    public async Task LogIn_MoreThanASessionsShare_EndsTheOldest()
    {
        await using var fixture = await OpenAsync();
        var first = await fixture.EnterAsync();
        var hash = (await fixture.Users.ReadHashAsync(first.UserId, default))!;
        var actor = new Actor(ActorKind.User, first.UserId, "anna", null, null);
        for (var at = 1; at < Limits.Access.SessionsPerUser; at++) Assert.NotNull(await fixture.Sessions.OpenAsync(actor, hash, default));
        var running = await fixture.AcceptAsync(first.Access.Text);
        // What was changed before is seen now: the next look finds nothing new unless ending the oldest raises the version itself.
        await fixture.PollAsync();

        Assert.NotNull(await fixture.Sessions.OpenAsync(actor, hash, default));
        await fixture.PollAsync();

        Assert.True(running.IsRevoked);
        Assert.Equal(Limits.Access.SessionsPerUser, await fixture.NumberAsync("SELECT COUNT(*) FROM sessions WHERE revoked_at_ms IS NULL"));
    }

    /// <summary>One that is oldest and alive, one ended and one expired after it, and another user's: only the oldest goes, and only when there are too many.</summary>
    [Fact]
    public async Task LogIn_WithSessionsThatEndedAndSomebodyElses_CountsOnlyTheUsersLivingOnes()
    {
        await using var fixture = await OpenAsync();
        var (other, oldest) = (await fixture.EnterAsync("otto"), await fixture.EnterAsync());
        var actor = new Actor(ActorKind.User, oldest.UserId, "anna", null, null);
        await fixture.LogInAsync("anna");
        fixture.Time.Advance(TimeSpan.FromDays(6));
        Assert.True(await fixture.Sessions.EndAsync(actor, (await fixture.LogInAsync("anna")).Tokens!.SessionId, default));
        (oldest, other) = ((await fixture.RefreshAsync(oldest.RefreshToken)).Tokens!, (await fixture.RefreshAsync(other.RefreshToken)).Tokens!);
        fixture.Time.Advance(TimeSpan.FromDays(1));
        var hash = (await fixture.Users.ReadHashAsync(oldest.UserId, default))!;

        for (var at = 1; at < Limits.Access.SessionsPerUser; at++) Assert.NotNull(await fixture.Sessions.OpenAsync(actor, hash, default));
        oldest = (await fixture.RefreshAsync(oldest.RefreshToken)).Tokens!;
        Assert.NotNull(oldest);

        Assert.NotNull(await fixture.Sessions.OpenAsync(actor, hash, default));
        Assert.Equal(RefreshStatus.Refused, (await fixture.RefreshAsync(oldest.RefreshToken)).Status);
        Assert.Equal(RefreshStatus.Refreshed, (await fixture.RefreshAsync(other.RefreshToken)).Status);
    }

    [Fact]
    public async Task OwnPassword_VerifiedBeforeAnotherChange_IsNotReplaced()
    {
        await using var fixture = await OpenAsync();
        var id = await fixture.AddUserAsync("anna");
        var actor = new Actor(ActorKind.User, id, "anna", null, null);
        var verified = (await fixture.Users.ReadHashAsync(id, default))!;
        await fixture.Users.ChangeAsync(Actor.CommandLine, Authority.Whole, id, new UserChange(Password: "another horse"), default);
        var current = (await fixture.Users.ReadHashAsync(id, default))!;

        Assert.False(await fixture.Users.ReplaceHashAsync(actor, id, verified, "a third", default));
        Assert.Equal(current, await fixture.Users.ReadHashAsync(id, default));

        // Nor that of somebody who was shut out meanwhile: whoever lets it in again does not let in a password that it chose since.
        await fixture.Users.ChangeAsync(Actor.CommandLine, Authority.Whole, id, new UserChange(IsDisabled: true), default);
        Assert.False(await fixture.Users.ReplaceHashAsync(actor, id, current, "a third", default));
        Assert.Null(await fixture.Users.ReadHashAsync(id, default));
        Assert.Equal(0, await fixture.NumberAsync("SELECT COUNT(*) FROM users WHERE password_hash = 'a third'"));
    }

    [Fact]
    public async Task OwnPassword_Changed_EndsEverySessionOfTheUser()
    {
        await using var fixture = await OpenAsync();
        var (one, two) = (await fixture.EnterAsync(), (await fixture.LogInAsync("anna")).Tokens!);
        var running = await fixture.AcceptAsync(one.Access.Text);
        await fixture.AddUserAsync("otto");
        var other = await fixture.AcceptAsync((await fixture.LogInAsync("otto")).Tokens!.Access.Text);
        var actor = new Actor(ActorKind.User, one.UserId, "anna", null, null);

        Assert.Equal(OwnPasswordStatus.WrongPassword, (await fixture.Logins.ChangeAsync(actor, SessionFixture.Home, "wrong", "another horse", default)).Status);
        await fixture.PollAsync();
        Assert.False(running.IsRevoked);
        Assert.Equal(OwnPasswordStatus.Changed, (await fixture.Logins.ChangeAsync(actor, SessionFixture.Home, SessionFixture.Password, "another horse", default)).Status);
        await fixture.PollAsync();

        Assert.True(running.IsRevoked);
        Assert.False(other.IsRevoked);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(two.Access.Text)).Status);
        Assert.Equal(RefreshStatus.Refused, (await fixture.RefreshAsync(two.RefreshToken)).Status);
        Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync("anna")).Status);
        Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna", "another horse")).Status);
    }

    [Fact]
    public async Task Ticket_IsGoodOnceAndIsItsMaker()
    {
        await using var fixture = await OpenAsync();
        var maker = await fixture.AcceptAsync((await fixture.EnterAsync("anna", Roles.Operator)).Access.Text);
        var ticket = await fixture.Tickets.IssueAsync(maker, default);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => fixture.AuthenticateAsync(ticket.Text))));

        var principal = Assert.Single(outcomes, outcome => outcome.Status == AuthenticationStatus.Accepted).Principal!;
        Assert.Equal((maker.Id, maker.SessionId, maker.ExpiresAtMs, maker.Permissions), (principal.Id, principal.SessionId, principal.ExpiresAtMs, principal.Permissions));
        Assert.Equal(7, outcomes.Count(outcome => outcome.Status == AuthenticationStatus.Rejected));
        Assert.Equal(0, await fixture.NumberAsync("SELECT COUNT(*) FROM tickets"));
    }

    [Fact]
    public async Task Ticket_OfAnApiKey_IsTheKeysOwnPrincipal()
    {
        await using var fixture = await OpenAsync();
        var key = await fixture.AcceptAsync((await fixture.CreateKeyAsync(new ApiKeySettings("test", IsAdmin: true))).Text);

        Assert.Same(key, await fixture.AcceptAsync((await fixture.Tickets.IssueAsync(key, default)).Text));
    }

    [Fact]
    public async Task Ticket_TooLateOrOfAnEndedSession_IsRejected()
    {
        await using var fixture = await OpenAsync();
        var tokens = await fixture.EnterAsync();
        var maker = await fixture.AcceptAsync(tokens.Access.Text);
        var late = await fixture.Tickets.IssueAsync(maker, default);
        fixture.Time.Advance(Limits.Access.TicketLife);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(late.Text)).Status);

        var orphan = await fixture.Tickets.IssueAsync(maker, default);
        await fixture.Sessions.EndAsync(Actor.CommandLine, tokens.SessionId, default);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(orphan.Text)).Status);
    }

    /// <summary>A ticket is for one stream, also where the query of every call may hold a credential; the try does not use it up.</summary>
    [Theory]
    [InlineData("ticket")]
    [InlineData("token")]
    public async Task Ticket_OnACallWhereEveryQueryMayHaveCredentials_IsRejected(string name)
    {
        await using var fixture = await OpenAsync();
        using var hasher = new ApiKeyHasher();
        var access = new AccessControl(fixture.Store, fixture.Keys, hasher, fixture.Principals, fixture.Time, queryEverywhere: true);
        var tokens = await fixture.EnterAsync();
        var maker = await fixture.AcceptAsync(tokens.Access.Text);
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        context.Request.QueryString = new($"?{name}={(await fixture.Tickets.IssueAsync(maker, default)).Text}");

        Assert.Equal(AuthenticationStatus.Rejected, (await access.AuthenticateAsync(context.Request, isStream: false, default)).Status);
        Assert.Equal(AuthenticationStatus.Accepted, (await access.AuthenticateAsync(context.Request, isStream: true, default)).Status);
        context.Request.QueryString = new("?token=" + tokens.Access.Text);
        Assert.Equal(AuthenticationStatus.Accepted, (await access.AuthenticateAsync(context.Request, isStream: false, default)).Status);
    }

    [Fact]
    public async Task Ticket_UsedAndRepeated_IsRefusedWithoutTheDatabase()
    {
        await using var fixture = await OpenAsync();
        var maker = await fixture.AcceptAsync((await fixture.EnterAsync()).Access.Text);
        var ticket = await fixture.Tickets.IssueAsync(maker, default);
        await fixture.AcceptAsync(ticket.Text);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(ticket.Text)).Status);

        // Were it looked for, the answer would be that this cannot be known now.
        await ControlTransaction.RunQuietAsync(fixture.Database, commands => commands.ExecuteAsync("DROP TABLE tickets"), default);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(ticket.Text)).Status);
    }

    [Fact]
    public async Task Sweep_WhatTimeHasEnded_IsDeletedAndNothingElse()
    {
        await using var fixture = await OpenAsync();
        var old = await fixture.EnterAsync();
        await fixture.Tickets.IssueAsync(await fixture.AcceptAsync(old.Access.Text), default);
        await fixture.RefreshAsync(old.RefreshToken);
        fixture.Time.Advance(Limits.Access.RefreshTokenLife - TimeSpan.FromDays(1));
        var young = (await fixture.LogInAsync("anna")).Tokens!;
        fixture.Time.Advance(TimeSpan.FromDays(1));

        // A ticket, two refresh tokens, a session.
        Assert.Equal(4, await fixture.Sweeper.SweepAsync(default));
        Assert.Equal(RefreshStatus.Refreshed, (await fixture.RefreshAsync(young.RefreshToken)).Status);
        Assert.Equal(0, await fixture.Sweeper.SweepAsync(default));
    }

    /// <summary>Where a used token comes again, it can be seen whose session it was.</summary>
    [Fact]
    public async Task Sweep_RevokedSession_StaysUntilItWouldHaveExpired()
    {
        await using var fixture = await OpenAsync();
        var tokens = await fixture.EnterAsync();
        await fixture.Sessions.EndAsync(Actor.CommandLine, tokens.SessionId, default);
        fixture.Time.Advance(Limits.Access.RefreshTokenLife - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await fixture.Sweeper.SweepAsync(default));
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        // The session and its refresh token.
        Assert.Equal(2, await fixture.Sweeper.SweepAsync(default));
    }

    [Fact]
    public async Task Sweep_MoreThanOneTransactionDeletes_GoesOn()
    {
        await using var fixture = await OpenAsync();
        var rows = Enumerable.Range(0, Limits.Access.SweepRows + 1).Select(_ => "(1, 0, 1)");
        await ControlTransaction.RunQuietAsync(
            fixture.Database, commands => commands.ExecuteAsync("INSERT INTO sessions (user_id, created_at_ms, expires_at_ms) VALUES " + string.Join(',', rows)), default);

        Assert.Equal(Limits.Access.SweepRows + 1, await fixture.Sweeper.SweepAsync(default));
    }
}
