using Gateway.Access;

namespace Gateway.Tests.Access;

public sealed class AccessControlTests
{
    [Fact]
    public async Task Key_ThatIsGood_IsAcceptedAsOneSharedPrincipal()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (key, principal) = await fixture.SignInAsync(isAdmin: true);

        Assert.Equal(PrincipalId.Key(key.Id), principal.Id);
        Assert.True(principal.Grants.IsAdmin);
        Assert.Same(principal, (await fixture.AuthenticateAsync(key.Text)).Principal);
    }

    [Fact]
    public async Task Key_VerifiedBefore_NeedsNoDatabase()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (key, _) = await fixture.SignInAsync();
        fixture.Database.IsAway = true;

        Assert.Equal(AuthenticationStatus.Accepted, (await fixture.AuthenticateAsync(key.Text)).Status);
    }

    [Fact]
    public async Task Key_NotSeenBeforeWithTheDatabaseAway_IsUnavailableAndNeverRejected()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await fixture.CreateKeyAsync();
        fixture.Database.IsAway = true;
        Assert.Equal(AuthenticationStatus.Unavailable, (await fixture.AuthenticateAsync(key.Text)).Status);

        fixture.Database.IsAway = false;
        Assert.Equal(AuthenticationStatus.Accepted, (await fixture.AuthenticateAsync(key.Text)).Status);
    }

    [Fact]
    public async Task Key_MadeUp_IsRejectedWithoutTheDatabase()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        fixture.Database.Opens = 0;

        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(ApiKeyText.Create(1, new KeyRing(MasterKey.Create())))).Status);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(new string('x', 100_000))).Status);
        Assert.Equal(0, fixture.Database.Opens);
    }

    [Fact]
    public async Task Key_WithAGoodTagThatWasNeverIssued_IsRejectedAndRemembered()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (key, _) = await fixture.SignInAsync();
        var forged = ApiKeyText.Create(key.Id, fixture.Keys);

        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(forged)).Status);
        fixture.Database.Opens = 0;
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(forged)).Status);
        Assert.Equal(0, fixture.Database.Opens);
    }

    [Fact]
    public async Task Key_RefusedBeforeItWasFinished_IsLookedAtAgainAfterTheChange()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await fixture.CreateKeyAsync();
        await fixture.ExecuteAsync("UPDATE api_keys SET revoked_at_ms = 1");
        await fixture.PollAsync();
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(key.Text)).Status);

        await fixture.ExecuteAsync("UPDATE api_keys SET revoked_at_ms = NULL");
        await fixture.PollAsync();
        Assert.Equal(AuthenticationStatus.Accepted, (await fixture.AuthenticateAsync(key.Text)).Status);
    }

    [Fact]
    public async Task Key_PresentedByManyAtOnce_IsVerifiedOnce()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await fixture.CreateKeyAsync();
        fixture.Database.Opens = 0;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => fixture.AuthenticateAsync(key.Text))));

        Assert.All(outcomes, outcome => Assert.Equal(AuthenticationStatus.Accepted, outcome.Status));
        Assert.Single(outcomes.Select(outcome => outcome.Principal).Distinct());
        // One look at the key, and one at what it may do when it was verified.
        Assert.Equal(2, fixture.Database.Opens);
    }

    [Fact]
    public async Task Key_PastItsTime_IsRejected()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var expiresAtMs = fixture.Time.GetUtcNow().AddMinutes(1).ToUnixTimeMilliseconds();
        var (key, principal) = await fixture.SignInAsync(expiresAtMs: expiresAtMs);

        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await fixture.PollAsync();

        Assert.True(principal.IsRevoked);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(key.Text)).Status);
    }

    [Fact]
    public async Task Grants_LoadedWhileTheVersionMoved_AreLoadedAgain()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await fixture.CreateKeyAsync();
        await fixture.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, created_at_ms) VALUES (1, 1, 5, 1, 0)");
        fixture.Database.Opens = 0;
        fixture.Database.BeforeOpen = number =>
        {
            // The second read is of what it may do, with the version noted before; a watcher sees another one now and has nobody to reload yet.
            if (number == 2) fixture.Principals.BeginReload(1_000);
            return Task.CompletedTask;
        };

        var outcome = await fixture.AuthenticateAsync(key.Text);

        Assert.True(outcome.Principal!.Grants.CanRead(5, 0));
        Assert.Equal(3, fixture.Database.Opens);
    }

    [Fact]
    public async Task Grants_OfThreadsBotsAndFeedback_AreLoadedWithTheBotsOfTheirChats()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (_, principal) = await fixture.SignInAsync();
        await fixture.ExecuteAsync("INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms) VALUES (5, 100, x'00', x'00', x'00', x'00', 'webhook', 0)");
        await fixture.ExecuteAsync("INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (7, 5, -7, '', 0), (8, 5, -8, '', 0)");
        await fixture.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, chat_id, thread_id, can_read, created_at_ms) VALUES (1, 1, 7, 0, 1, 0), (1, 1, 8, 3, 1, 0)");
        await fixture.ExecuteAsync("INSERT INTO feedback_grants (key_id, chat_id, created_at_ms) VALUES (1, 8, 0)");
        await fixture.PollAsync();

        Assert.True(principal.Grants.CanRead(5, 8, 3));
        Assert.False(principal.Grants.CanRead(5, 8, 4));
        Assert.Equal([7, 8], principal.Grants.ReadableChats.Order());
        Assert.Equal([8], principal.Grants.Feedback!);
        // Without a grant on a bot no chat's bot matters.
        Assert.Null(principal.Grants.BotOfChat);

        await fixture.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, created_at_ms) VALUES (1, 1, 5, 1, 0)");
        await fixture.PollAsync();
        Assert.Equal(5, principal.Grants.BotOf(7));
        Assert.Equal(5, principal.Grants.BotOf(8));
        Assert.Equal(0, principal.Grants.BotOf(9));
    }

    /// <summary>What streams were told, and the pages they share, go by the object: somebody else's change must not look like one of theirs.</summary>
    [Fact]
    public async Task Grants_LoadedAgainWithoutADifference_AreTheSameObject()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (_, principal) = await fixture.SignInAsync();
        await fixture.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, created_at_ms) VALUES (1, 1, 5, 1, 0)");
        await fixture.PollAsync();
        var before = principal.Grants;
        await fixture.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, created_at_ms) VALUES (1, 2, 5, 1, 0)");
        await fixture.PollAsync();
        Assert.Same(before, principal.Grants);

        await fixture.ExecuteAsync("UPDATE grants SET can_send = 1 WHERE principal_id = 1");
        await fixture.PollAsync();
        Assert.NotSame(before, principal.Grants);
        Assert.True(principal.Grants.CanSend(5, 0));
    }
}
