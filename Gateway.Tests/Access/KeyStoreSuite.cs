using Gateway.Access;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Access;

/// <summary>Keys, their grants and their use, once for each engine.</summary>
public abstract class KeyStoreSuite : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Somebody = new(ActorKind.User, 7, "anna", "192.0.2.1", "r1");

    private AccessFixture fixture = null!;

    private protected abstract Task<AccessFixture> OpenAsync();

    public async Task InitializeAsync()
    {
        fixture = await OpenAsync();
        await fixture.ExecuteAsync(
            """
            INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms)
              VALUES (1, 11, '1', '', '1', '', 'webhook', 0), (2, 12, '2', '', '2', '', 'webhook', 0)
            """);
        await fixture.ExecuteAsync(
            "INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (9, 1, -100, '', 0), (10, 1, -101, '', 0), (20, 2, -100, '', 0)");
        await fixture.ExecuteAsync("INSERT INTO users (id, name, password_hash, created_at_ms) VALUES (3, 'anna', 'x', 0)");
    }

    public async Task DisposeAsync() => await fixture.DisposeAsync();

    private static ApiKeySettings Settings(string? scopes = null, bool isAdmin = false) => new("a key", isAdmin, scopes);

    private static Principal Giver(Permission permissions, Grants? grants = null) =>
        new(PrincipalId.User(3), "anna") { Permissions = permissions, Grants = grants ?? Grants.None };

    private Task<GrantOutcome> SetAsync(Grants? giver, PrincipalId to, GrantTarget target, ChatRights rights) =>
        fixture.Grants.SetAsync(Somebody, giver, to, target, rights, None);

    private static GrantTarget Chat(long id, long thread = 0) => GrantTarget.InChat(new ChatName(id, 0, 0), thread);

    private Task<string?> AuditAsync() =>
        fixture.ReadAsync("SELECT action FROM audit_log ORDER BY id DESC LIMIT 1");

    [Fact]
    public async Task Key_MadeWithSettings_IsReadBackWithThem()
    {
        var settings = new ApiKeySettings("Grüße", true, "bots:read chats:read", 1_800_000_000_000, 5, 7);
        var key = (await fixture.ApiKeys.CreateAsync(Somebody, null, settings, None))!;

        var read = (await new ApiKeyQueries(fixture.Database).FindAsync(key.Id, None))!;
        Assert.Equal(settings, read.Settings);
        Assert.Null(read.RevokedAtMs);
        Assert.Null(read.LastUsedAtMs);
        Assert.Equal(fixture.Time.GetUtcNow().ToUnixTimeMilliseconds(), read.CreatedAtMs);
        Assert.Equal("apikey.create|user|7|anna|192.0.2.1|api_key|done", await fixture.ReadAsync(Line("action, CASE actor_kind WHEN 2 THEN 'user' END, actor_id, actor_name, address, target_type, outcome")));
        Assert.DoesNotContain(key.Text[^20..], await fixture.ReadAsync("SELECT after_json FROM audit_log"));
        Assert.Equal(1, await new ApiKeyQueries(fixture.Database).CountAsync(None));
        Assert.Empty(await new ApiKeyQueries(fixture.Database).ListAsync(10, 1, None));
    }

    private string Line(string columns) =>
        $"SELECT {(fixture.Database.Dialect == "mysql" ? $"CONCAT_WS('|', {columns})" : string.Join(" || '|' || ", Columns(columns)))} FROM audit_log ORDER BY id LIMIT 1";

    private static IEnumerable<string> Columns(string columns) => columns.Split(", ");

    [Fact]
    public async Task Key_Changed_KeepsWhatWasNotNamedAndIsFollowedByItsPrincipal()
    {
        var (key, principal) = await fixture.SignInAsync();
        Assert.Equal(RateLimit.Default, principal.Budget!.Limit);
        Assert.Equal(Permission.KeyDefault, principal.Permissions);

        Assert.Equal(ApiKeyStatus.Done, await fixture.ApiKeys.UpdateAsync(
            Somebody, null, key.Id, settings => settings with { Scopes = "bots:read", RatePerSecond = 3, RateBurst = 4 }, None));
        await fixture.PollAsync();
        Assert.Equal(Permission.BotsRead, principal.Permissions);
        Assert.Equal(new RateLimit(3, 4), principal.Budget.Limit);
        Assert.Equal("test", (await new ApiKeyQueries(fixture.Database).FindAsync(key.Id, None))!.Settings.Name);
        Assert.Equal("apikey.update", await AuditAsync());

        Assert.Equal(ApiKeyStatus.Unchanged, await fixture.ApiKeys.UpdateAsync(Somebody, null, key.Id, settings => settings, None));
        Assert.Equal(ApiKeyStatus.NotFound, await fixture.ApiKeys.UpdateAsync(Somebody, null, 99, settings => settings, None));

        Assert.Equal(ApiKeyStatus.Done, await fixture.ApiKeys.UpdateAsync(
            Somebody, null, key.Id, settings => settings with { RatePerSecond = null, RateBurst = null }, None));
        await fixture.PollAsync();
        Assert.Equal(RateLimit.Default, principal.Budget.Limit);
    }

    [Fact]
    public async Task Key_Deleted_LeavesNothing()
    {
        var (key, principal) = await fixture.SignInAsync();
        await fixture.GrantReadAsync(key.Id, 9);
        await new FeedbackAdministration(fixture.Database, fixture.Time).AddAsync(Somebody, null, key.Id, new ChatName(9, 0, 0), None);

        await fixture.ExecuteAsync(
            $"INSERT INTO tickets (hash, principal_kind, principal_id, session_id, expires_at_ms, principal_expires_at_ms) VALUES ('k', 1, {key.Id}, 0, 9, 9), ('u', 2, {key.Id}, 0, 9, 9)");

        Assert.Equal(ApiKeyStatus.Done, await fixture.ApiKeys.DeleteAsync(Somebody, null, key.Id, None));
        // The user that happens to have the same number keeps its own.
        Assert.Equal("2", await fixture.ReadAsync("SELECT SUM(principal_kind) FROM tickets"));
        Assert.Equal(ApiKeyStatus.NotFound, await fixture.ApiKeys.DeleteAsync(Somebody, null, key.Id, None));
        Assert.Equal("0", await fixture.ReadAsync("SELECT (SELECT COUNT(*) FROM api_keys) + (SELECT COUNT(*) FROM grants) + (SELECT COUNT(*) FROM feedback_grants)"));
        await fixture.PollAsync();
        Assert.True(principal.IsRevoked);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(key.Text)).Status);
    }

    [Fact]
    public async Task Key_GivenATextAgain_KeepsItsFirst()
    {
        var (key, _) = await fixture.SignInAsync();
        // Regression: it was handed over all the same, and nothing took it.
        Assert.Null(await fixture.ApiKeys.FinishAsync(key.Id, null, static _ => Assert.Fail("the key has a text"), None));
        Assert.Null(await fixture.ApiKeys.FinishAsync(key.Id + 1, null, static _ => Assert.Fail("there is no such key"), None));
        // A process that has not seen it.
        using var hasher = new ApiKeyHasher();
        var fresh = new AccessControl(fixture.Store, fixture.Keys, hasher, new TrackedPrincipals(fixture.Store, fixture.Time), fixture.Time);
        Assert.Equal(AuthenticationStatus.Accepted, (await fresh.AuthenticateAsync(key.Text, None)).Status);
    }

    [Fact]
    public async Task Key_MadeOnlyOnceByTwoAtOnce_IsOneAndItsTextIsTheOneThatWasSaved()
    {
        for (var round = 1; round <= 5; round++)
        {
            var (name, saved) = ($"desk{round}", "");
            Task<CreatedApiKey?> MakeAsync() => Task.Run(() => fixture.ApiKeys.CreateOnlyAsync(Somebody, new ApiKeySettings(name), null, made => saved = made.Text, None));
            var made = Assert.Single(await Task.WhenAll(MakeAsync(), MakeAsync()), each => each is not null)!;
            Assert.Equal(made.Text, saved);

            await fixture.ExecuteAsync($"UPDATE api_keys SET hash = '' WHERE id = {made.Id}");
            Task<CreatedApiKey?> FinishAsync() => Task.Run(() => fixture.ApiKeys.FinishAsync(made.Id, null, finished => saved = finished.Text, None));
            Assert.Single(await Task.WhenAll(FinishAsync(), FinishAsync()), each => each is not null);
            Assert.Equal(AuthenticationStatus.Accepted, (await fixture.AuthenticateAsync(saved)).Status);
        }
    }

    /// <summary>An apply found the row between its two transactions, and finished it: whoever made it has a text that works all the same.</summary>
    [Fact]
    public async Task Key_FinishedByAnotherWhileItIsMade_IsMadeOnceMore()
    {
        var transactions = 0;
        fixture.Database.BeforeOpen = async _ =>
        {
            if (++transactions == 2) await fixture.ExecuteAsync("UPDATE api_keys SET hash = 'another' WHERE hash = ''");
        };
        var made = (await fixture.ApiKeys.CreateAsync(Somebody, null, Settings("bots:read"), None))!;
        fixture.Database.BeforeOpen = null;
        Assert.Equal("2", await fixture.ReadAsync("SELECT COUNT(*) FROM api_keys"));
        Assert.Equal(AuthenticationStatus.Accepted, (await fixture.AuthenticateAsync(made.Text)).Status);
    }

    [Fact]
    public async Task Key_ChangedByTwoAtOnce_HasBothChanges()
    {
        var key = await fixture.CreateKeyAsync();
        Task<ApiKeyStatus> ChangeAsync(Func<ApiKeySettings, ApiKeySettings> change) => Task.Run(() => fixture.ApiKeys.UpdateAsync(Somebody, null, key.Id, change, None));
        for (var round = 1; round <= 10; round++)
        {
            await Task.WhenAll(ChangeAsync(settings => settings with { RatePerSecond = round }), ChangeAsync(settings => settings with { RateBurst = round }));
            var settings = (await new ApiKeyQueries(fixture.Database).FindAsync(key.Id, None))!.Settings;
            Assert.Equal((round, round), (settings.RatePerSecond, settings.RateBurst));
        }
    }

    [Fact]
    public async Task Key_OfWhomItWouldMakeStronger_IsNeitherMadeNorChanged()
    {
        var writer = Giver(Permission.ApiKeysWrite | Permission.BotsRead | Permission.KeyDefault);
        Assert.Null(await fixture.ApiKeys.CreateAsync(Somebody, writer, Settings("users:write"), None));
        Assert.Null(await fixture.ApiKeys.CreateAsync(Somebody, writer, Settings("bots:read", isAdmin: true), None));
        Assert.Equal("0", await fixture.ReadAsync("SELECT COUNT(*) FROM api_keys"));

        var weak = (await fixture.ApiKeys.CreateAsync(Somebody, writer, Settings("bots:read"), None))!.Id;
        var admin = (await fixture.ApiKeys.CreateAsync(Somebody, null, Settings(isAdmin: true), None))!.Id;
        Assert.Equal(ApiKeyStatus.NotHeld, await fixture.ApiKeys.UpdateAsync(Somebody, writer, weak, settings => settings with { Scopes = "audit:read" }, None));
        Assert.Equal(ApiKeyStatus.NotHeld, await fixture.ApiKeys.UpdateAsync(Somebody, writer, weak, settings => settings with { IsAdmin = true }, None));
        Assert.Equal(ApiKeyStatus.NotHeld, await fixture.ApiKeys.UpdateAsync(Somebody, writer, admin, settings => settings with { Name = "mine" }, None));
        // Nor made weaker: whoever has less does not decide what a stronger one may.
        var strong = (await fixture.ApiKeys.CreateAsync(Somebody, null, Settings("users:write bots:read"), None))!.Id;
        Assert.Equal(ApiKeyStatus.NotHeld, await fixture.ApiKeys.UpdateAsync(Somebody, writer, strong, settings => settings with { Scopes = "bots:read" }, None));
        Assert.Equal(ApiKeyStatus.NotHeld, await fixture.ApiKeys.RevokeAsync(Somebody, writer, admin, None));
        Assert.Equal(ApiKeyStatus.NotHeld, await fixture.ApiKeys.DeleteAsync(Somebody, writer, admin, None));
        Assert.Equal(ApiKeyStatus.Done, await fixture.ApiKeys.RevokeAsync(Somebody, writer, weak, None));
        Assert.Equal(ApiKeyStatus.Unchanged, await fixture.ApiKeys.RevokeAsync(Somebody, writer, weak, None));
        Assert.Equal(ApiKeyStatus.Done, await fixture.ApiKeys.DeleteAsync(Somebody, Giver(Permission.All, Grants.Admin), admin, None));
    }

    [Fact]
    public async Task Grant_Set_IsExactlyThatAndAddedToAdds()
    {
        var key = PrincipalId.Key((await fixture.CreateKeyAsync()).Id);
        var set = await SetAsync(null, key, Chat(9), ChatRights.Read | ChatRights.Send);
        Assert.Equal((GrantStatus.Done, 1L, 9L, ChatRights.Read | ChatRights.Send), (set.Status, set.BotId, set.ChatId, set.Rights));
        Assert.Equal("grant.set", await AuditAsync());

        var again = await SetAsync(null, key, Chat(9), ChatRights.Manage);
        Assert.Equal((set.Id, ChatRights.Manage), (again.Id, again.Rights));
        var added = await fixture.Grants.AddAsync(Somebody, null, key, GrantTarget.InChat(new ChatName(0, 1, -100)), ChatRights.Read, None);
        Assert.Equal((set.Id, ChatRights.Manage | ChatRights.Read), (added.Id, added.Rights));

        var info = Assert.Single(await new GrantQueries(fixture.Database).ListAsync(key, None));
        Assert.Equal((1L, 9L, -100L, 0L, ChatRights.Manage | ChatRights.Read), (info.BotId, info.ChatId!.Value, info.TelegramChatId!.Value, info.ThreadId, info.Rights));
    }

    [Fact]
    public async Task Grant_OfUsersAndKeysThreadsAndBots_AreApart()
    {
        var key = PrincipalId.Key((await fixture.CreateKeyAsync()).Id);
        var user = PrincipalId.User(3);
        await SetAsync(null, key, Chat(9), ChatRights.Read);
        await SetAsync(null, key, Chat(9, thread: 4), ChatRights.Send);
        await SetAsync(null, key, GrantTarget.Bot(2), ChatRights.All);
        await SetAsync(null, user, Chat(9), ChatRights.Manage);

        var queries = new GrantQueries(fixture.Database);
        Assert.Equal(4, (await queries.ListAsync(null, None)).Count);
        Assert.Equal([(9L, 0L, 1L, ChatRights.Read), (9L, 4L, 1L, ChatRights.Send), (0L, 0L, 2L, ChatRights.All)],
            (await queries.ListAsync(key, None)).Select(each => (each.ChatId ?? 0, each.ThreadId, each.BotId, each.Rights)));
        Assert.Equal(ChatRights.Manage, Assert.Single(await queries.ListAsync(user, None)).Rights);

        Assert.Equal(GrantStatus.Done, (await fixture.Grants.RemoveAsync(Somebody, null, key, Chat(9), threadId: 4, None)).Status);
        Assert.Equal(GrantStatus.NotGranted, (await fixture.Grants.RemoveAsync(Somebody, null, key, Chat(9), threadId: 4, None)).Status);
        await SetAsync(null, key, Chat(9, thread: 5), ChatRights.Send);
        Assert.Equal(GrantStatus.Done, (await fixture.Grants.RemoveAsync(Somebody, null, key, Chat(9), threadId: null, None)).Status);
        Assert.Equal(2L, Assert.Single(await queries.ListAsync(key, None)).BotId);
        Assert.Equal(GrantStatus.Done, (await fixture.Grants.RemoveAsync(Somebody, null, key, GrantTarget.Bot(2), null, None)).Status);
        Assert.Single(await queries.ListAsync(null, None));
        Assert.Equal("grant.remove", await AuditAsync());
    }

    [Fact]
    public async Task Grant_OfWhatIsNotThere_IsRefused()
    {
        var key = PrincipalId.Key((await fixture.CreateKeyAsync()).Id);
        Assert.Equal(GrantStatus.ChatNotFound, (await SetAsync(null, key, Chat(99), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.BotNotFound, (await SetAsync(null, key, GrantTarget.Bot(99), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.BotNotFound, (await SetAsync(null, key, GrantTarget.InChat(new ChatName(0, 99, -5)), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.PrincipalNotFound, (await SetAsync(null, PrincipalId.Key(99), Chat(9), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.PrincipalNotFound, (await SetAsync(null, PrincipalId.User(99), Chat(9), ChatRights.Read)).Status);
        await fixture.ApiKeys.RevokeAsync(Somebody, null, key.Id, None);
        Assert.Equal(GrantStatus.PrincipalNotFound, (await SetAsync(null, key, Chat(9), ChatRights.Read)).Status);
        Assert.Equal("0", await fixture.ReadAsync("SELECT COUNT(*) FROM grants"));
    }

    /// <summary>Nobody gives what he does not hold, and what he may not see is for him not there.</summary>
    [Fact]
    public async Task Grant_ByWhomHoldsLess_IsRefusedAndTellsNothing()
    {
        var key = PrincipalId.Key((await fixture.CreateKeyAsync()).Id);
        var giver = Readers(chats: [(9, ChatRights.Read | ChatRights.Manage), (10, ChatRights.Read)], bots: []);
        Assert.Equal(GrantStatus.Done, (await SetAsync(giver, key, Chat(9), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.NotHeld, (await SetAsync(giver, key, Chat(9), ChatRights.Read | ChatRights.Send)).Status);
        Assert.Equal(GrantStatus.NotManaged, (await SetAsync(giver, key, Chat(10), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.ChatNotFound, (await SetAsync(giver, key, Chat(20), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.ChatNotFound, (await SetAsync(giver, key, Chat(99), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.NotManaged, (await SetAsync(giver, key, GrantTarget.Bot(1), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.BotNotFound, (await SetAsync(giver, key, GrantTarget.Bot(2), ChatRights.Read)).Status);

        // A chat that has not been seen yet is made only by whoever has its whole bot.
        var unseen = GrantTarget.InChat(new ChatName(0, 1, -555));
        Assert.Equal(GrantStatus.ChatNotFound, (await SetAsync(giver, key, unseen, ChatRights.Read)).Status);
        Assert.Equal("0", await fixture.ReadAsync("SELECT COUNT(*) FROM chats WHERE telegram_chat_id = -555"));
        Assert.Equal(GrantStatus.Done, (await SetAsync(Readers([], [(1, ChatRights.All)]), key, unseen, ChatRights.Read)).Status);
        Assert.Equal("1", await fixture.ReadAsync("SELECT COUNT(*) FROM chats WHERE telegram_chat_id = -555"));

        // What somebody else gave stays when less is added, and may be taken away by whoever manages.
        await SetAsync(null, key, Chat(9), ChatRights.Send);
        Assert.Equal(ChatRights.Send | ChatRights.Read, (await fixture.Grants.AddAsync(Somebody, giver, key, Chat(9), ChatRights.Read, None)).Rights);
        Assert.Equal(GrantStatus.Done, (await fixture.Grants.RemoveAsync(Somebody, giver, key, Chat(9), null, None)).Status);
        Assert.Equal(GrantStatus.ChatNotFound, (await fixture.Grants.RemoveAsync(Somebody, giver, key, Chat(20), null, None)).Status);
    }

    private static Grants Readers((long, ChatRights)[] chats, (long, ChatRights)[] bots) => new(
        false,
        System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(chats, each => each.Item1, each => each.Item2),
        System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(bots, each => each.Item1, each => each.Item2));

    [Fact]
    public async Task Feedback_AddedAndRemoved_NarrowsAndReachesThePrincipal()
    {
        var (key, principal) = await fixture.SignInAsync();
        var feedback = new FeedbackAdministration(fixture.Database, fixture.Time);
        Assert.Null(principal.Grants.Feedback);
        Assert.Equal(GrantStatus.Done, (await feedback.AddAsync(Somebody, null, key.Id, new ChatName(0, 1, -100), None)).Status);
        Assert.Equal(GrantStatus.Done, (await feedback.AddAsync(Somebody, null, key.Id, new ChatName(9, 0, 0), None)).Status);
        await fixture.PollAsync();
        Assert.Equal([9L], principal.Grants.Feedback!);
        Assert.Equal([(9L, 1L)], await new GrantQueries(fixture.Database).FeedbackAsync(key.Id, None));
        Assert.Equal(GrantStatus.PrincipalNotFound, (await feedback.AddAsync(Somebody, null, 99, new ChatName(9, 0, 0), None)).Status);
        Assert.Equal(GrantStatus.ChatNotFound, (await feedback.AddAsync(Somebody, Grants.None, key.Id, new ChatName(9, 0, 0), None)).Status);

        Assert.Equal(GrantStatus.Done, (await feedback.RemoveAsync(Somebody, null, key.Id, new ChatName(9, 0, 0), None)).Status);
        Assert.Equal(GrantStatus.NotGranted, (await feedback.RemoveAsync(Somebody, null, key.Id, new ChatName(9, 0, 0), None)).Status);
        await fixture.PollAsync();
        Assert.Null(principal.Grants.Feedback);
    }

    [Fact]
    public async Task Grant_SetByTwoAtOnce_IsOneRow()
    {
        var key = PrincipalId.Key((await fixture.CreateKeyAsync()).Id);
        var target = GrantTarget.InChat(new ChatName(0, 1, -777));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => SetAsync(null, key, target, ChatRights.Read))));
        Assert.All(outcomes, outcome => Assert.Equal(GrantStatus.Done, outcome.Status));
        Assert.Single(await new GrantQueries(fixture.Database).ListAsync(key, None));
    }

    [Fact]
    public async Task Use_OfAKey_IsWrittenBehindWithoutRaisingTheVersion()
    {
        var (key, principal) = await fixture.SignInAsync();
        var usage = new KeyUsage(fixture.Database, fixture.Time, new RecordedLog<KeyUsage>());
        var limiter = new RateLimiter(usage, fixture.Time);
        var version = await fixture.ReadAsync("SELECT version FROM control_version");
        limiter.Take(principal);
        var first = fixture.Time.GetUtcNow().ToUnixTimeMilliseconds();
        fixture.Time.Advance(Limits.Access.KeyUsageGrain - TimeSpan.FromMilliseconds(1));
        limiter.Take(principal);

        Assert.Equal("", await fixture.ReadAsync("SELECT last_used_at_ms FROM api_keys"));
        Assert.True(await usage.FlushAsync(None));
        Assert.Equal($"{first}", await fixture.ReadAsync("SELECT last_used_at_ms FROM api_keys"));

        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        limiter.Take(principal);
        Assert.True(await usage.FlushAsync(None));
        Assert.Equal(first + 1000, (await new ApiKeyQueries(fixture.Database).FindAsync(key.Id, None))!.LastUsedAtMs);

        // Another replica's later stamp stays.
        await fixture.ExecuteAsync("UPDATE api_keys SET last_used_at_ms = 9000000000000");
        usage.Note(key.Id, first + 2000);
        Assert.True(await usage.FlushAsync(None));
        Assert.Equal("9000000000000", await fixture.ReadAsync("SELECT last_used_at_ms FROM api_keys"));
        Assert.Equal($"{long.Parse(version!) + 1}", await fixture.ReadAsync("SELECT version FROM control_version"));
    }
}

public sealed class SqliteKeyStoreTests : KeyStoreSuite
{
    private protected override Task<AccessFixture> OpenAsync() => AccessFixture.CreateAsync();
}
