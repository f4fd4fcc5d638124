using Gateway.Access;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Tests.Access;

public sealed class ControlVersionWatcherTests
{
    [Fact]
    public async Task Grants_AfterASecondWithoutARead_AreNotCurrent()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        Assert.True(fixture.Access.IsCurrent);

        fixture.Time.Advance(Limits.Access.VersionStale);
        Assert.True(fixture.Access.IsCurrent);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(fixture.Access.IsCurrent);

        await fixture.PollAsync();
        Assert.True(fixture.Access.IsCurrent);
    }

    [Fact]
    public async Task Freshness_OfASlowRead_CountsFromBeforeIt()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        fixture.Database.BeforeOpen = _ =>
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(600));
            return Task.CompletedTask;
        };
        Assert.True(await fixture.PollAsync());

        fixture.Time.Advance(TimeSpan.FromMilliseconds(400));
        Assert.True(fixture.Access.IsCurrent);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(fixture.Access.IsCurrent);
    }

    [Fact]
    public async Task Read_ThatNeverComesBack_IsGivenUp()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var opened = new TaskCompletionSource();
        fixture.Database.IsBlackHoled = true;
        fixture.Database.BeforeOpen = _ =>
        {
            opened.TrySetResult();
            return Task.CompletedTask;
        };

        var poll = fixture.PollAsync();
        await opened.Task;
        while (!poll.IsCompleted)
        {
            // The wait begins on another thread; the clock is turned until it was there.
            fixture.Time.Advance(Limits.Access.ReadTimeout);
            await Task.Yield();
        }

        Assert.False(await poll);
    }

    [Fact]
    public async Task Database_ThatIsAway_LeavesGrantsAsTheyAreButNotCurrent()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (_, principal) = await fixture.SignInAsync(isAdmin: true);
        fixture.Database.IsAway = true;

        Assert.False(await fixture.PollAsync());
        fixture.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.False(principal.IsRevoked);
        Assert.True(principal.Grants.IsAdmin);
        Assert.False(fixture.Access.IsCurrent);
    }

    [Fact]
    public async Task Grant_GivenAndTaken_ReachesALivePrincipal()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (key, principal) = await fixture.SignInAsync();
        await fixture.ExecuteAsync("INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (9, 1, -100, '', 0)");

        var granted = await fixture.GrantReadAsync(key.Id, 9);
        Assert.False(principal.Grants.CanRead(1, 9));
        await fixture.PollAsync();
        Assert.True(principal.Grants.CanRead(1, 9));
        Assert.False(principal.Grants.CanRead(1, 10));
        Assert.False(principal.Grants.CanRead(1, 0));

        await fixture.Grants.RevokeAsync(Actor.Gateway, granted.Id, CancellationToken.None);
        await fixture.PollAsync();
        Assert.False(principal.Grants.CanRead(1, 9));
    }

    /// <summary>Regression: a copy restored at version v - 1 and changed once has version v again, and the grants of before stayed in force.</summary>
    [Theory]
    [InlineData("UPDATE log_head SET seq = seq - 1")]
    [InlineData("UPDATE log_head SET log_id = 'another1', seq = seq + 1000")]
    public async Task Version_TheSameAfterARestore_IsLoadedAgain(string restored)
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await fixture.ExecuteAsync("UPDATE log_head SET seq = 10");
        var (key, principal) = await fixture.SignInAsync();
        await fixture.ExecuteAsync("INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (9, 1, -100, '', 0)");
        await fixture.GrantReadAsync(key.Id, 9);
        var observer = new RecordingObserver(null);
        fixture.Access.AddObserver(observer);
        await fixture.PollAsync();
        Assert.True(principal.Grants.CanRead(1, 9));
        await fixture.PollAsync();
        Assert.Equal(1, observer.Calls);

        // The number comes out as it was: one change less, one other change more.
        await fixture.ExecuteAsync("DELETE FROM grants");
        await fixture.ExecuteAsync(restored);
        await fixture.ExecuteAsync("UPDATE control_version SET version = version - 3");
        await fixture.PollAsync();

        Assert.False(principal.Grants.CanRead(1, 9));
        Assert.Equal(2, observer.Calls);
    }

    [Fact]
    public async Task Key_RevokedOrDeleted_RevokesItsLivePrincipals()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (revoked, first) = await fixture.SignInAsync(isAdmin: true);
        var (deleted, second) = await fixture.SignInAsync(isAdmin: true);

        await fixture.ApiKeys.RevokeAsync(Actor.Gateway, giver: null, revoked.Id, CancellationToken.None);
        await fixture.ExecuteAsync($"DELETE FROM api_keys WHERE id = {deleted.Id}");
        await fixture.PollAsync();

        Assert.True(first.IsRevoked && second.IsRevoked);
        Assert.False(first.Grants.IsAdmin || second.Grants.IsAdmin);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(revoked.Text)).Status);
    }

    [Fact]
    public async Task Loop_WithinASecondOfARevocation_TellsTheObservers()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (key, principal) = await fixture.SignInAsync();
        var observer = new RecordingObserver(principal);
        fixture.Access.AddObserver(observer);
        await fixture.ApiKeys.RevokeAsync(Actor.Gateway, giver: null, key.Id, CancellationToken.None);

        await using var loop = new WatcherLoop(fixture.Watcher);
        while (!observer.SawRevocation.IsCompleted)
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        Assert.True(await observer.SawRevocation);
    }

    [Fact]
    public async Task Observer_ThatCouldNotLoad_IsToldAgain()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var observer = new RecordingObserver(null) { Fails = true };
        fixture.Access.AddObserver(observer);
        await fixture.ExecuteAsync("UPDATE users SET name = name");

        Assert.False(await fixture.PollAsync());
        observer.Fails = false;
        Assert.True(await fixture.PollAsync());
        Assert.True(await fixture.PollAsync());
        Assert.Equal(2, observer.Calls);
    }

    /// <summary>Nothing changes in the database when a key's time is over, and yet its streams have to end.</summary>
    [Fact]
    public async Task Observer_OfAKeyWhoseTimeIsOver_IsToldOnceMore()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (_, principal) = await fixture.SignInAsync(expiresAtMs: fixture.Time.GetUtcNow().AddMinutes(1).ToUnixTimeMilliseconds());
        var observer = new RecordingObserver(principal);
        fixture.Access.AddObserver(observer);
        await fixture.PollAsync();
        var calls = observer.Calls;

        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await fixture.PollAsync());
        Assert.True(await fixture.PollAsync());

        Assert.Equal(calls + 1, observer.Calls);
        Assert.True(principal.IsRevoked);
    }

    private sealed class RecordingObserver(Principal? principal) : IControlObserver
    {
        private readonly TaskCompletionSource<bool> sawRevocation = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<bool> SawRevocation => sawRevocation.Task;
        public bool Fails { get; set; }
        public int Calls { get; private set; }

        public ValueTask<bool> OnControlChangedAsync(long version, CancellationToken cancellation)
        {
            Calls++;
            if (principal is { IsRevoked: true }) sawRevocation.TrySetResult(true);
            return ValueTask.FromResult(!Fails);
        }
    }
}
