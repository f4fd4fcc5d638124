using System.Net;
using Gateway.Access;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Tests.Access;

/// <summary>The limits on logins, what a token says of its end, and what nobody learns from how long a refusal takes.</summary>
public sealed class LoginTests
{
    [Fact]
    public async Task LogIn_ManyWrongFromOneAddress_WaitsThereOnly()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.AddUserAsync("anna");
        for (var at = 0; at < Limits.Access.LoginsPerAddress; at++) Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync($"guess {at}", "x")).Status);

        var limited = await fixture.LogInAsync("anna");
        Assert.Equal(LoginStatus.Limited, limited.Status);
        Assert.InRange(limited.Wait, TimeSpan.FromMilliseconds(1), Limits.Access.LoginAddressWindow);
        Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna", from: SessionFixture.Elsewhere)).Status);
        fixture.Time.Advance(Limits.Access.LoginAddressWindow * 2);
        Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna")).Status);
    }

    [Fact]
    public async Task LogIn_RightPasswords_AreNotCounted()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.AddUserAsync("anna");
        for (var at = 0; at < Limits.Access.LoginsPerAddress + 5; at++) Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna")).Status);
    }

    /// <summary>Else whoever has one account of his own guesses at all others without end.</summary>
    [Fact]
    public async Task LogIn_RightPasswordsInBetween_DoNotClearTheAddresssCountOfWrongOnes()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.AddUserAsync("anna");
        await fixture.AddUserAsync("mallory");
        for (var at = 0; at < Limits.Access.LoginsPerAddress; at++)
        {
            Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("mallory")).Status);
            Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync("anna", $"guess {at}")).Status);
        }

        Assert.Equal(LoginStatus.Limited, (await fixture.LogInAsync("anna", "guess")).Status);
        Assert.Equal(LoginStatus.Limited, (await fixture.LogInAsync("mallory")).Status);
    }

    /// <summary>Nor by the owner: a program of his that logs in every minute would give whoever guesses a new share each time.</summary>
    [Fact]
    public async Task LogIn_RightPasswordsInBetween_DoNotClearTheAccountsCountOfWrongOnes()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.AddUserAsync("anna");
        for (var at = 0; at < Limits.Access.LoginsPerAccount; at++)
        {
            // From where it has no session yet, so it counts with the strangers' tries.
            Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna", from: IPAddress.Parse($"198.18.0.{at}"))).Status);
            Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync("anna", "guess", IPAddress.Parse($"203.0.113.{at}"))).Status);
        }

        Assert.Equal(LoginStatus.Limited, (await fixture.LogInAsync("anna", "guess", SessionFixture.Elsewhere)).Status);
    }

    [Fact]
    public async Task LogIn_ManyWrongForOneAccount_WaitsWhereTheAccountIsNotLoggedIn()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.EnterAsync("anna");
        for (var at = 0; at < Limits.Access.LoginsPerAccount; at++)
        {
            Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync("anna", "guess", IPAddress.Parse($"203.0.113.{at}"))).Status);
            Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync("nobody", "guess", IPAddress.Parse($"203.0.113.{at}"))).Status);
        }

        Assert.Equal(LoginStatus.Limited, (await fixture.LogInAsync("anna", from: SessionFixture.Elsewhere)).Status);
        // An unknown name is limited alike, or the limit would tell who exists.
        Assert.Equal(LoginStatus.Limited, (await fixture.LogInAsync("nobody", from: SessionFixture.Elsewhere)).Status);
        // The user is not locked out of the place where it is logged in.
        Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna")).Status);
    }

    [Fact]
    public async Task LogIn_ManyWrongWhereTheAccountIsLoggedIn_WaitsLikeANameThatNobodyHas()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.EnterAsync("anna");
        foreach (var name in new[] { "anna", "nobody" })
        {
            for (var at = 0; at < Limits.Access.LoginsPerAccount; at++) Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync(name, "guess")).Status);
            // Not the address's share, which is over sooner and begins anew sooner.
            fixture.Time.Advance(Limits.Access.LoginAddressWindow * 2);
            Assert.Equal(LoginStatus.Limited, (await fixture.LogInAsync(name, "guess")).Status);
            fixture.Time.Advance(Limits.Access.LoginAddressWindow * 2);
        }
    }

    /// <summary>A share of its own has who is logged in there now, and nobody because of a session that ended, that is over, or that is another's.</summary>
    [Theory]
    [InlineData("ended")]
    [InlineData("over")]
    [InlineData("another's")]
    public async Task LogIn_ManyWrongForOneAccount_WaitsWhereASessionIsNotItsLivingOne(string session)
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var tokens = await fixture.EnterAsync(session == "another's" ? "otto" : "anna");
        if (session == "another's") await fixture.AddUserAsync("anna");
        if (session == "ended") await fixture.Sessions.EndAsync(Actor.CommandLine, tokens.SessionId, default);
        if (session == "over") fixture.Time.Advance(Limits.Access.RefreshTokenLife);
        for (var at = 0; at < Limits.Access.LoginsPerAccount; at++)
            Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync("anna", "guess", IPAddress.Parse($"203.0.113.{at}"))).Status);

        Assert.Equal(LoginStatus.Limited, (await fixture.LogInAsync("anna")).Status);
        Assert.True(await fixture.Denials.FlushAsync());
        Assert.Equal(1, await fixture.NumberAsync("SELECT COUNT(*) FROM audit_log WHERE action = 'auth.login_limited' AND target_type = 'user' AND address = '192.0.2.1'"));
    }

    [Fact]
    public async Task LogIn_ManyWrongWhereTheAccountIsLoggedIn_LeavesItsOtherPlacesAlone()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.EnterAsync("anna");
        Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna", from: SessionFixture.Elsewhere)).Status);
        for (var at = 0; at < Limits.Access.LoginsPerAccount; at++) await fixture.LogInAsync("anna", "guess");

        Assert.Equal(LoginStatus.LoggedIn, (await fixture.LogInAsync("anna", from: SessionFixture.Elsewhere)).Status);
    }

    /// <summary>Or the limits would tell that the password was right.</summary>
    [Fact]
    public async Task LogIn_RightPasswordOfADisabledUser_CountsLikeAWrongOne()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var id = await fixture.AddUserAsync("anna");
        await fixture.Users.ChangeAsync(Actor.CommandLine, Authority.Whole, id, new UserChange(IsDisabled: true), default);
        for (var at = 0; at < Limits.Access.LoginsPerAddress; at++) Assert.Equal(LoginStatus.Refused, (await fixture.LogInAsync("anna")).Status);

        Assert.Equal(LoginStatus.Limited, (await fixture.LogInAsync("nobody")).Status);
        Assert.True(await fixture.Denials.FlushAsync(isLast: true));
        Assert.Equal(1, await fixture.NumberAsync($"SELECT COUNT(*) FROM audit_log WHERE action = 'auth.login' AND outcome = 'denied' AND count = {Limits.Access.LoginsPerAddress}"));
        Assert.Equal(1, await fixture.NumberAsync("SELECT COUNT(*) FROM audit_log WHERE action = 'auth.login_limited' AND target_type = 'address'"));
    }

    [Theory]
    [InlineData("own ")]
    [InlineData(" own ")]
    public async Task LogIn_NameThatLooksLikeAnotherCount_LocksNobodyOut(string count)
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var tokens = await fixture.EnterAsync("anna");
        for (var at = 0; at < Limits.Access.LoginsPerAccount; at++)
            await fixture.LogInAsync($"{count}{tokens.UserId}", "guess", IPAddress.Parse($"203.0.113.{at}"));

        var actor = new Actor(ActorKind.User, tokens.UserId, "anna", null, null);
        Assert.Equal(OwnPasswordStatus.Changed, (await fixture.Logins.ChangeAsync(actor, SessionFixture.Home, SessionFixture.Password, "another horse", default)).Status);
    }

    [Fact]
    public async Task OwnPassword_ManyWrong_WaitsAndStrangersTriesDoNotCount()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var tokens = await fixture.EnterAsync("anna");
        var actor = new Actor(ActorKind.User, tokens.UserId, "anna", null, null);
        for (var at = 0; at < Limits.Access.LoginsPerAccount; at++)
        {
            await fixture.LogInAsync("anna", "guess", IPAddress.Parse($"203.0.113.{at}"));
            var address = IPAddress.Parse($"198.18.0.{at}");
            Assert.Equal(OwnPasswordStatus.WrongPassword, (await fixture.Logins.ChangeAsync(actor, address, "guess", "another horse", default)).Status);
        }

        Assert.Equal(OwnPasswordStatus.Limited, (await fixture.Logins.ChangeAsync(actor, SessionFixture.Home, SessionFixture.Password, "another horse", default)).Status);
        Assert.True(await fixture.Denials.FlushAsync());
        Assert.Equal(
            Limits.Access.LoginsPerAccount,
            await fixture.NumberAsync($"SELECT SUM(count) FROM audit_log WHERE action = 'user.password' AND outcome = 'denied' AND actor_kind = 2 AND actor_id = {tokens.UserId}"));
        // Nor do they count for another user.
        var other = new Actor(ActorKind.User, await fixture.AddUserAsync("otto"), "otto", null, null);
        Assert.Equal(OwnPasswordStatus.Changed, (await fixture.Logins.ChangeAsync(other, SessionFixture.Home, SessionFixture.Password, "another horse", default)).Status);
    }

    [Fact]
    public async Task OwnPassword_FromAnAddressThatHadItsShare_Waits()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var actor = new Actor(ActorKind.User, await fixture.AddUserAsync("anna"), "anna", null, null);
        for (var at = 0; at < Limits.Access.LoginsPerAddress; at++) await fixture.LogInAsync($"guess {at}", "x");

        Assert.Equal(OwnPasswordStatus.Limited, (await fixture.Logins.ChangeAsync(actor, SessionFixture.Home, SessionFixture.Password, "another horse", default)).Status);
        Assert.Equal(OwnPasswordStatus.Changed, (await fixture.Logins.ChangeAsync(actor, SessionFixture.Elsewhere, SessionFixture.Password, "another horse", default)).Status);
    }

    [Fact]
    public async Task OwnPassword_RightOnes_AreNotCounted()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var actor = new Actor(ActorKind.User, await fixture.AddUserAsync("anna"), "anna", null, null);
        for (var at = 0; at <= Math.Max(Limits.Access.LoginsPerAddress, Limits.Access.LoginsPerAccount); at++)
            Assert.Equal(OwnPasswordStatus.Changed, (await fixture.Logins.ChangeAsync(actor, SessionFixture.Home, SessionFixture.Password, SessionFixture.Password, default)).Status);
    }

    [Fact]
    public async Task LogIn_Refused_IsNotedWithTheAddressAndWithoutWhatWasTyped()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var id = await fixture.AddUserAsync("anna");
        await fixture.LogInAsync("anna", "wrong-secret");
        await fixture.LogInAsync("my password by mistake", "x", SessionFixture.Elsewhere);
        Assert.True(await fixture.Denials.FlushAsync());

        const string denied = "SELECT COUNT(*) FROM audit_log WHERE action = 'auth.login' AND outcome = 'denied'";
        Assert.Equal(1, await fixture.NumberAsync($"{denied} AND address = '192.0.2.1' AND target_id = '{id}'"));
        Assert.Equal(1, await fixture.NumberAsync($"{denied} AND address = '198.51.100.9' AND target_id = '' AND actor_name = ''"));
    }

    [Fact]
    public async Task Token_PastItsTime_EndsItsStreamsAsExpired()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var tokens = await fixture.EnterAsync();
        var running = await fixture.AcceptAsync(tokens.Access.Text);
        var ticket = await fixture.AcceptAsync((await fixture.Tickets.IssueAsync(running, default)).Text);
        fixture.Time.Advance(Limits.Access.AccessTokenLife + Limits.Access.TokenClockSkew);
        // Before the watcher looked.
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(tokens.Access.Text)).Status);

        await fixture.PollAsync();

        Assert.True(running is { IsRevoked: true, IsTokenExpired: true });
        Assert.True(ticket is { IsRevoked: true, IsTokenExpired: true });
        Assert.Equal(RefreshStatus.Refreshed, (await fixture.RefreshAsync(tokens.RefreshToken)).Status);
    }

    [Fact]
    public async Task Tokens_OfOtherKinds_AreNoCredential()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var tokens = await fixture.EnterAsync();
        var opaque = new OpaqueTokens(fixture.Keys);

        foreach (var text in new[] { tokens.RefreshToken, opaque.Create(OpaqueTokens.RefreshPrefix), opaque.Create(OpaqueTokens.TicketPrefix), "tgt_" + tokens.RefreshToken[4..], "tgt_", "tgt_" + new string('!', 54) })
        {
            Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(text)).Status);
        }

        var ticket = (await fixture.Tickets.IssueAsync(await fixture.AcceptAsync(tokens.Access.Text), default)).Text;
        foreach (var text in new[] { ticket, tokens.Access.Text, "tgr_" + ticket[4..], opaque.Create(OpaqueTokens.RefreshPrefix), "" })
            Assert.Equal(RefreshStatus.Refused, (await fixture.RefreshAsync(text)).Status);
        Assert.False(opaque.IsOurs(OpaqueTokens.RefreshPrefix, new OpaqueTokens(new KeyRing(MasterKey.Create())).Create(OpaqueTokens.RefreshPrefix)));
        Assert.Equal(AuthenticationStatus.Accepted, (await fixture.AuthenticateAsync(ticket)).Status);
    }

    [Fact]
    public async Task Token_OfAnotherUsersSession_IsRejected()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var (anna, otto) = (await fixture.EnterAsync("anna"), await fixture.EnterAsync("otto"));
        var mixed = new AccessTokens(fixture.Keys, fixture.Time).Issue(anna.UserId, otto.SessionId);

        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(mixed.Text)).Status);
    }

    [Fact]
    public async Task ForgetEnded_ExpiredTokens_AreLetGo()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        var table = new VerifiedKeys();
        var (live, ended) = (new Principal(PrincipalId.User(1), "a"), new Principal(PrincipalId.User(1), "a") { IsRevoked = true });
        table.Accept(1, live);
        table.Accept(2, ended);
        table.ForgetEnded();
        Assert.True(table.TryGetAccepted(1, out _));
        Assert.False(table.TryGetAccepted(2, out _));
    }

    /// <summary>
    /// Interleaved in turning order, so that whatever else this machine does meets all alike; the medians may differ by a quarter. A machine that is
    /// busy with other tests may spoil a round, a difference in the work spoils every one. Without the hash of nobody an unknown name is refused
    /// in under a hundredth of the time, which the second test holds against the same bound.
    /// </summary>
    [Fact]
    public async Task LogIn_UnknownNameDisabledUserAndWrongPassword_TakeTheSameTime()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.AddUserAsync("anna");
        await fixture.Users.ChangeAsync(Actor.CommandLine, Authority.Whole, await fixture.AddUserAsync("disabled"), new UserChange(IsDisabled: true), default);

        List<string> rounds = [];
        while (rounds.Count < 4)
        {
            var medians = await MediansAsync(fixture, "anna", "nobody", "disabled");
            if (AreAlike(medians[0], medians[1]) && AreAlike(medians[0], medians[2])) return;
            rounds.Add($"wrong password {medians[0]}, unknown name {medians[1]}, disabled user {medians[2]}");
            // The counts of the accounts begin anew.
            fixture.Time.Advance(Limits.Access.LoginAccountWindow * 2);
        }

        Assert.Fail(string.Join('\n', rounds));
    }

    [Fact]
    public async Task LogInTiming_NameLookedUpWithoutAHash_IsToldApartByTheSameTest()
    {
        await using var fixture = await SessionFixture.CreateAsync();
        await fixture.AddUserAsync("anna");

        var wrongPassword = (await MediansAsync(fixture, "anna"))[0];
        var lookUpOnly = await MedianAsync(() => fixture.Queries.FindAsync("nobody", default));

        Assert.False(AreAlike(wrongPassword, lookUpOnly), $"wrong password {wrongPassword}, look-up {lookUpOnly}");
    }

    private static bool AreAlike(TimeSpan one, TimeSpan two) => one / two is > 0.75 and < 1 / 0.75;

    private static async Task<TimeSpan[]> MediansAsync(SessionFixture fixture, params string[] names)
    {
        const int samples = 15;
        var taken = names.Select(_ => new List<TimeSpan>()).ToArray();
        for (var sample = 0; sample < samples; sample++)
        {
            for (var turn = 0; turn < names.Length; turn++)
            {
                var at = (sample + turn) % names.Length;
                // Each from an address of its own and under the accounts' limit.
                var started = TimeProvider.System.GetTimestamp();
                var outcome = await fixture.LogInAsync(names[at], "wrong password", IPAddress.Parse($"203.0.113.{sample}"));
                taken[at].Add(TimeProvider.System.GetElapsedTime(started));
                Assert.Equal(LoginStatus.Refused, outcome.Status);
            }
        }

        return [.. taken.Select(Median)];
    }

    private static async Task<TimeSpan> MedianAsync(Func<Task> call)
    {
        var taken = new List<TimeSpan>();
        for (var sample = 0; sample < 15; sample++)
        {
            var started = TimeProvider.System.GetTimestamp();
            await call();
            taken.Add(TimeProvider.System.GetElapsedTime(started));
        }

        return Median(taken);
    }

    private static TimeSpan Median(List<TimeSpan> taken) => taken.Order().ElementAt(taken.Count / 2);
}
