using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Tests.Access;

/// <summary>What lists of chats and rights are cut to and count, and bots that were given back; once for each engine.</summary>
public abstract class ChatReadingSuite : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private AccessFixture fixture = null!;

    private protected abstract Task<AccessFixture> OpenAsync();

    public async Task InitializeAsync()
    {
        fixture = await OpenAsync();
        await fixture.ExecuteAsync(
            """
            INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms)
              VALUES (1, 11, '1', '', '1', '', 'webhook', 0), (2, 12, '2', '', '2', '', 'webhook', 0), (3, 13, '3', '', '3', '', 'removed', 0)
            """);
        await fixture.ExecuteAsync(
            "INSERT INTO chats (id, bot_id, telegram_chat_id, realm, title, created_at_ms) VALUES (9, 1, -100, '', 'desk', 0), (10, 1, -101, '', 'help', 0), (20, 2, -100, '', 'help', 0), (30, 3, -100, '', 'gone', 0)");
        await fixture.ExecuteAsync("INSERT INTO users (id, name, password_hash, created_at_ms) VALUES (5, 'anna', 'x', 0)");
        await fixture.ExecuteAsync("INSERT INTO api_keys (id, name, hash, is_admin, created_at_ms) VALUES (5, 'robot', '', 0, 0)");
    }

    public async Task DisposeAsync() => await fixture.DisposeAsync();

    private static GrantTarget Chat(long id, long thread = 0) => GrantTarget.InChat(new ChatName(id, 0, 0), thread);

    private Task<GrantOutcome> SetAsync(PrincipalId to, GrantTarget target, ChatRights rights) => fixture.Grants.SetAsync(Actor.Gateway, null, to, target, rights, None);

    private async Task<string> ListAsync(PrincipalId? viewer, string? text = null, int limit = 50)
    {
        var (chats, total) = await new ChatQueries(fixture.Database).ListAsync(new ChatFilter(viewer, null, text), 0, limit, None);
        return $"{string.Join(' ', chats.Select(chat => chat.Id))} of {total}";
    }

    [Fact]
    public async Task List_OfAViewer_IsWhatItReadsAndNotWhatItsNamesakeDoes()
    {
        await SetAsync(PrincipalId.Key(5), Chat(9), ChatRights.Read);
        await SetAsync(PrincipalId.Key(5), GrantTarget.Bot(2), ChatRights.Read);
        await SetAsync(PrincipalId.Key(5), GrantTarget.Bot(1), ChatRights.Send | ChatRights.Manage);
        Assert.Equal("9 20 of 2", await ListAsync(PrincipalId.Key(5)));
        // The user of the same number.
        Assert.Equal(" of 0", await ListAsync(PrincipalId.User(5)));
        Assert.Equal("20 of 1", await ListAsync(PrincipalId.Key(5), "help"));
        Assert.Equal("10 of 2", await ListAsync(null, "help", limit: 1));
    }

    [Fact]
    public async Task SeesBot_WithoutARightOrGivenBack_IsNo()
    {
        var chats = new ChatQueries(fixture.Database);
        await fixture.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, bot_id, created_at_ms) VALUES (1, 5, 1, 0)");
        await fixture.ExecuteAsync("INSERT INTO grants (principal_kind, principal_id, chat_id, can_send, created_at_ms) VALUES (1, 5, 20, 1, 0), (1, 5, 30, 1, 0)");
        Assert.False(await chats.SeesBotAsync(PrincipalId.Key(5), 1, None));
        Assert.True(await chats.SeesBotAsync(PrincipalId.Key(5), 2, None));
        Assert.Null(await chats.SeesBotAsync(PrincipalId.Key(5), 3, None));
        Assert.False(await chats.SeesBotAsync(PrincipalId.User(5), 2, None));
    }

    [Fact]
    public async Task Permissions_OfAChat_AreCountedWholeAndNamedByTheirKind()
    {
        await SetAsync(PrincipalId.User(5), Chat(9), ChatRights.Read);
        await SetAsync(PrincipalId.Key(5), Chat(9), ChatRights.Read);
        var (page, total) = await new ChatPermissionQueries(fixture.Database).ListAsync(9, 0, 1, None);
        Assert.Equal(("anna", 2L), (page.Single().Name, total));
        Assert.Equal("robot", (await new ChatPermissionQueries(fixture.Database).ListAsync(9, 1, 1, None)).Permissions.Single().Name);
    }

    [Fact]
    public async Task Bot_GivenBack_HasNoNewChatsAndNoRights()
    {
        Assert.Equal(ChatStatus.BotNotFound, (await new ChatAdministration(fixture.Database, fixture.Time).AddAsync(Actor.Gateway, 3, -999, null, None)).Status);
        Assert.Equal(GrantStatus.BotNotFound, (await SetAsync(PrincipalId.Key(5), GrantTarget.Bot(3), ChatRights.Read)).Status);
        Assert.Equal(GrantStatus.BotNotFound, (await SetAsync(PrincipalId.Key(5), GrantTarget.InChat(new ChatName(0, 3, -999)), ChatRights.Read)).Status);
    }

    [Fact]
    public async Task Remove_InAThreadOrOfAnUnknownChat_TakesAndMakesNothingElse()
    {
        await SetAsync(PrincipalId.Key(5), Chat(9), ChatRights.Read);
        await SetAsync(PrincipalId.Key(5), Chat(9, thread: 4), ChatRights.Send);
        Task<GrantOutcome> RemoveAsync(GrantTarget target, long? thread) => fixture.Grants.RemoveAsync(Actor.Gateway, null, PrincipalId.Key(5), target, thread, None);
        Assert.Equal(GrantStatus.Done, (await RemoveAsync(Chat(9), 4)).Status);
        Assert.Equal("1 0", await fixture.ReadAsync("SELECT CASE WHEN COUNT(*) = 1 AND MAX(thread_id) = 0 THEN '1 0' END FROM grants"));
        Assert.Equal(GrantStatus.ChatNotFound, (await RemoveAsync(GrantTarget.InChat(new ChatName(0, 1, -999)), null)).Status);
        Assert.Equal("4", await fixture.ReadAsync("SELECT COUNT(*) FROM chats"));
    }

    /// <summary>Before, a refusal committed the row that it had made of the chat on its way, and every gateway read all permissions again for it.</summary>
    [Fact]
    public async Task Grant_Refused_LeavesNoChatAndIsNoChange()
    {
        var unseen = new ChatName(0, 1, -999);
        static Grants OnBot(ChatRights rights) =>
            new(false, FrozenDictionary<long, ChatRights>.Empty, new Dictionary<long, ChatRights> { [1] = rights }.ToFrozenDictionary());
        async Task<GrantStatus> SetAsync(ChatRights held, long key, ChatRights rights) =>
            (await fixture.Grants.SetAsync(Actor.Gateway, OnBot(held), PrincipalId.Key(key), GrantTarget.InChat(unseen), rights, None)).Status;
        Task<string?> StateAsync() => fixture.ReadAsync("SELECT 100 * version + (SELECT COUNT(*) FROM chats) FROM control_version");
        var before = await StateAsync();

        Assert.Equal(GrantStatus.ChatNotFound, await SetAsync(ChatRights.Manage, 5, ChatRights.Read));
        Assert.Equal(GrantStatus.NotHeld, await SetAsync(ChatRights.Manage | ChatRights.Read, 5, ChatRights.Send));
        Assert.Equal(GrantStatus.PrincipalNotFound, await SetAsync(ChatRights.All, 99, ChatRights.Read));
        var feedback = new FeedbackAdministration(fixture.Database, fixture.Time);
        Assert.Equal(GrantStatus.ChatNotFound, (await feedback.AddAsync(Actor.Gateway, OnBot(ChatRights.Manage), 5, unseen, None)).Status);
        Assert.Equal(GrantStatus.PrincipalNotFound, (await feedback.AddAsync(Actor.Gateway, OnBot(ChatRights.All), 99, unseen, None)).Status);
        Assert.Equal(before, await StateAsync());

        Assert.Equal(GrantStatus.Done, await SetAsync(ChatRights.All, 5, ChatRights.Read));
        Assert.Equal("5", await fixture.ReadAsync("SELECT COUNT(*) FROM chats"));
        Assert.NotEqual(before, await StateAsync());
    }

    /// <summary>Before, one of two who named the same chat at once was answered with an error of the database.</summary>
    [Fact]
    public async Task Feedback_NamedByManyAtOnce_IsNamedOnceAndNobodyFails()
    {
        var feedback = new FeedbackAdministration(fixture.Database, fixture.Time);
        for (var chat = -1; chat >= -5; chat--)
        {
            var name = new ChatName(0, 1, chat);
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => feedback.AddAsync(Actor.Gateway, null, 5, name, None))));
            Assert.All(outcomes, outcome => Assert.Equal((GrantStatus.Done, outcomes[0].ChatId), (outcome.Status, outcome.ChatId)));
        }

        Assert.Equal("5", await fixture.ReadAsync("SELECT COUNT(*) FROM feedback_grants"));
        Assert.Equal("5", await fixture.ReadAsync("SELECT COUNT(*) FROM audit_log WHERE action = 'feedback.add'"));
    }
}
