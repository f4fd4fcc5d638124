using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Tests.Access;

/// <summary>Every change of administration by its line of the audit log: action, target, and what was before and after. A call without effect has none.</summary>
public sealed class AuditTrailTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Somebody = new(ActorKind.CommandLine, 0, "root", null, null);
    private SessionFixture fixture = null!;
    private long seen;

    public async Task InitializeAsync() => fixture = await SessionFixture.CreateAsync();

    public async Task DisposeAsync() => await fixture.DisposeAsync();

    /// <summary>The lines since the last call.</summary>
    private async Task<string[]> LinesAsync()
    {
        var lines = (await new AuditQueries(fixture.Database).ReadAsync(new AuditFilter(), long.MaxValue, 500, None)).Lines.Where(line => line.Id > seen).OrderBy(line => line.Id).ToList();
        if (lines.Count > 0) seen = lines[^1].Id;
        Assert.All(lines, line => Assert.Equal((AuditEntry.Done, ActorKind.CommandLine), (line.Outcome, line.ActorKind)));
        return [.. lines.Select(line => $"{line.Action} {line.TargetType} {line.TargetId}: {line.BeforeJson ?? "-"} > {line.AfterJson ?? "-"}")];
    }

    [Fact]
    public async Task Users_AddedChangedAndDeleted_AreToldWithBeforeAndAfter()
    {
        var id = (await fixture.Users.AddAsync(Somebody, Authority.Whole, "anna", [Roles.Viewer], SessionFixture.Password, None)).Id;
        Assert.Equal([$$"""user.add user {{id}}: - > {"name":"anna","roles":["viewer"],"is_disabled":false}"""], await LinesAsync());

        await fixture.Users.ChangeAsync(Somebody, Authority.Whole, id, new UserChange("berta", [Roles.Operator]), None);
        await fixture.Users.ChangeAsync(Somebody, Authority.Whole, id, new UserChange(Password: "another horse"), None);
        await fixture.Users.ReplaceHashAsync(Somebody, id, (await fixture.Users.ReadHashAsync(id, None))!, "hash", None);
        const string berta = """{"name":"berta","roles":["operator"],"is_disabled":false""";
        Assert.Equal(
            [
                $$"""user.change user {{id}}: {"name":"anna","roles":["viewer"],"is_disabled":false} > {{berta}}}""",
                $$"""user.change user {{id}}: {{berta}}} > {{berta}},"password_changed":true}""",
                $"user.password user {id}: - > -",
            ],
            await LinesAsync());

        await fixture.Users.DeleteAsync(Somebody, Authority.Whole, id, None);
        Assert.Equal([$$"""user.delete user {{id}}: {{berta}}} > -"""], await LinesAsync());
    }

    [Fact]
    public async Task Sessions_OpenedAndEnded_AreToldOnce()
    {
        var id = await fixture.AddUserAsync("anna");
        await LinesAsync();
        var session = (await fixture.Sessions.OpenAsync(Somebody with { Id = id }, (await fixture.Users.ReadHashAsync(id, None))!, None))!.SessionId;
        await fixture.Sessions.EndAsync(Somebody, session, None);
        await fixture.Sessions.EndAsync(Somebody, session, None);
        Assert.Equal([$"auth.login session {session}: - > -", $"auth.logout session {session}: - > -"], await LinesAsync());
    }

    [Fact]
    public async Task Keys_MadeChangedRevokedAndDeleted_AreToldWithBeforeAndAfter()
    {
        var id = (await fixture.ApiKeys.CreateAsync(Somebody, null, new ApiKeySettings("desk", Scopes: "bots:read", RatePerSecond: 7), None))!.Id;
        Task<ApiKeyStatus> ChangeAsync(Func<ApiKeySettings, ApiKeySettings> change) => fixture.ApiKeys.UpdateAsync(Somebody, null, id, change, None);
        await ChangeAsync(settings => settings with { Name = "help", RateBurst = 9, ExpiresAtMs = 1_800_000_000_000 });
        await ChangeAsync(settings => settings with { Name = "help" });
        await fixture.ApiKeys.RevokeAsync(Somebody, null, id, None);
        await fixture.ApiKeys.RevokeAsync(Somebody, null, id, None);
        await fixture.ApiKeys.DeleteAsync(Somebody, null, id, None);

        const string desk = """{"name":"desk","is_admin":false,"scopes":"bots:read","rate_per_second":7}""";
        const string help = """{"name":"help","is_admin":false,"scopes":"bots:read","expires_at":"2027-01-15T08:00:00.000Z","rate_per_second":7,"rate_burst":9}""";
        Assert.Equal(
            [$"apikey.create api_key {id}: - > {desk}", $"apikey.update api_key {id}: {desk} > {help}", $"apikey.revoke api_key {id}: - > -", $"apikey.delete api_key {id}: {help} > -"],
            await LinesAsync());
    }

    [Fact]
    public async Task RightsAndChats_GivenNarrowedAndTakenBack_AreToldWithBeforeAndAfter()
    {
        await ControlTransaction.RunAsync(
            fixture.Database,
            commands => commands.ExecuteAsync(
                """
                INSERT INTO bots (id, telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms)
                  VALUES (1, 11, '1', '', '1', '', 'webhook', 0)
                """),
            None);
        var chats = new ChatAdministration(fixture.Database, fixture.Time);
        var chat = (await chats.AddAsync(Somebody, 1, -100, "desk", None)).Chat!.Id;
        await chats.SetLabelAsync(Somebody, chat, _ => "help", null, None);
        await chats.SetLabelAsync(Somebody, chat, _ => "help", null, None);
        Assert.Equal(
            [
                $$"""chat.add chat {{chat}}: - > {"bot_id":1,"telegram_chat_id":-100,"label":"desk"}""",
                $$"""chat.change chat {{chat}}: {"bot_id":1,"telegram_chat_id":-100,"label":"desk"} > {"bot_id":1,"telegram_chat_id":-100,"label":"help"}""",
            ],
            await LinesAsync());

        var key = (await fixture.CreateKeyAsync(new ApiKeySettings("desk"))).Id;
        seen = await fixture.NumberAsync("SELECT MAX(id) FROM audit_log");
        var grants = new GrantAdministration(fixture.Database, fixture.Time);
        var (to, place) = (PrincipalId.Key(key), GrantTarget.InChat(new ChatName(chat, 0, 0)));
        await grants.SetAsync(Somebody, null, to, place, ChatRights.Read | ChatRights.Send, None);
        await grants.SetAsync(Somebody, null, to, place, ChatRights.Read, None);
        await grants.SetAsync(Somebody, null, to, place, ChatRights.Read, None);
        await grants.RemoveAsync(Somebody, null, to, place, null, None);
        await grants.RemoveAsync(Somebody, null, to, place, null, None);
        string Rights(string send) => $$"""{"chat_id":{{chat}},"can_read":true,"can_send":{{send}},"can_manage":false}""";
        Assert.Equal(
            [
                $"grant.set api_key {key}: - > {Rights("true")}", $"grant.set api_key {key}: {Rights("true")} > {Rights("false")}", $"grant.remove api_key {key}: {Rights("false")} > -",
            ],
            await LinesAsync());

        var feedback = new FeedbackAdministration(fixture.Database, fixture.Time);
        for (var time = 0; time < 2; time++) await feedback.AddAsync(Somebody, null, key, new ChatName(chat, 0, 0), None);
        for (var time = 0; time < 2; time++) await feedback.RemoveAsync(Somebody, null, key, new ChatName(chat, 0, 0), None);
        Assert.Equal([$$"""feedback.add api_key {{key}}: - > {"chat_id":{{chat}}}""", $$"""feedback.remove api_key {{key}}: {"chat_id":{{chat}}} > -"""], await LinesAsync());
    }
}
