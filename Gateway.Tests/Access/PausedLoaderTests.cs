using System.Data;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Tests.Access;

/// <summary>
/// Law L7 against the worst moment: somebody has read what was granted and stands still before he keeps it, and meanwhile it is taken away. What was
/// read then must not be what holds.
/// </summary>
public sealed class PausedLoaderTests
{
    /// <summary>The loader of a key that nobody used before, between its read and its insert.</summary>
    [Fact]
    public async Task Loader_PausedBetweenReadAndInsert_TheRevokeSeenMeanwhile_IsWhatHolds()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await GrantedKeyAsync(fixture);
        using var pause = new Pause(fixture.Database);
        pause.Arm(afterOpens: 1);
        var loading = fixture.AuthenticateAsync(key.Text);
        await pause.Reached;

        await fixture.ExecuteAsync("DELETE FROM grants");
        Assert.True(await fixture.PollAsync());
        pause.GoOn();
        var principal = (await loading).Principal!;

        Assert.False(principal.Grants.CanRead(1, 7));
    }

    /// <summary>The revoke is committed, but nobody has looked at the version yet: what is kept then is read again at the next look.</summary>
    [Fact]
    public async Task Loader_PausedBetweenReadAndInsert_TheRevokeNotSeenYet_HoldsFromTheNextLook()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await GrantedKeyAsync(fixture);
        using var pause = new Pause(fixture.Database);
        pause.Arm(afterOpens: 1);
        var loading = fixture.AuthenticateAsync(key.Text);
        await pause.Reached;

        await fixture.ExecuteAsync("DELETE FROM grants");
        pause.GoOn();
        var principal = (await loading).Principal!;
        Assert.True(principal.Grants.CanRead(1, 7), "the loader had not read the grant yet: nothing was shown");
        Assert.True(await fixture.PollAsync());

        Assert.False(principal.Grants.CanRead(1, 7));
    }

    /// <summary>The watcher itself: what it read may be a second old when it goes on. Then nothing is delivered until it has looked again.</summary>
    [Fact]
    public async Task Watcher_PausedBetweenReadAndInsert_IsNotCurrentUntilItHasLookedAgain()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var key = await GrantedKeyAsync(fixture);
        var principal = (await fixture.AuthenticateAsync(key.Text)).Principal!;
        // A change of something else makes the watcher load again.
        await fixture.ExecuteAsync("UPDATE api_keys SET name = 'renamed'");
        using var pause = new Pause(fixture.Database);
        pause.Arm(afterOpens: 1);
        var polling = fixture.PollAsync();
        await pause.Reached;

        await fixture.ExecuteAsync("DELETE FROM grants");
        fixture.Time.Advance(Gateway.Messages.Limits.Access.VersionStale + TimeSpan.FromMilliseconds(1));
        pause.GoOn();
        await polling;
        Assert.False(fixture.Access.IsCurrent);
        Assert.True(await fixture.PollAsync());

        Assert.True(fixture.Access.IsCurrent);
        Assert.False(principal.Grants.CanRead(1, 7));
    }

    private static async Task<CreatedApiKey> GrantedKeyAsync(AccessFixture fixture)
    {
        var key = await fixture.CreateKeyAsync();
        await fixture.ExecuteAsync("INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms) VALUES (1, 100, x'00', x'00', x'00', x'00', 'webhook', 0)");
        await fixture.ExecuteAsync("INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (7, 1, -7, '', 0)");
        await fixture.ExecuteAsync($"INSERT INTO grants (principal_kind, principal_id, chat_id, can_read, can_send, can_manage, created_at_ms) VALUES (1, {key.Id}, 7, 1, 0, 0, 0)");
        Assert.True(await fixture.PollAsync());
        return key;
    }

    /// <summary>Holds the reader of one connection when it has closed it: it has its answer, and nobody has heard it.</summary>
    private sealed class Pause : IDisposable
    {
        private readonly SwitchedDatabase database;
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim goOn = new();
        private int skip;

        public Pause(SwitchedDatabase database) => this.database = database;

        public Task Reached => reached.Task.WaitAsync(TimeSpan.FromSeconds(20));

        public void Arm(int afterOpens)
        {
            skip = afterOpens;
            database.Opened = connection =>
            {
                if (skip-- != 0) return;
                database.Opened = null;
                connection.StateChange += (_, change) =>
                {
                    if (change.CurrentState != ConnectionState.Closed) return;
                    reached.TrySetResult();
                    goOn.Wait(TimeSpan.FromSeconds(20));
                };
            };
        }

        public void GoOn() => goOn.Set();

        public void Dispose()
        {
            database.Opened = null;
            goOn.Set();
            goOn.Dispose();
        }
    }
}
