using System.Net;
using Gateway.Access;
using Gateway.Messages;
using Gateway.Tests.Access;

namespace Gateway.Tests.Api;

public sealed class AuthHandlerTests
{
    [Fact]
    public async Task LogIn_ToLogOut_WorksAsTold()
    {
        await using var host = await SessionHost.StartAsync();
        await host.Access.AddUserAsync("anna", Roles.Operator);

        var login = await host.LogInAsync("anna", SessionFixture.Password);
        Assert.Equal((200, "Bearer", 900), (login.Status, login.Text("token_type"), login.Body.GetProperty("expires_in").GetInt32()));
        Assert.Equal("2026-02-09T12:15:00.000Z", login.Text("expires_at"));
        Assert.Equal("2026-02-16T12:00:00.000Z", login.Text("refresh_expires_at"));
        Assert.Equal("no-store", login.Headers.CacheControl!.ToString());

        var me = await host.SendAsync("GET", "/api/v1/auth/me", login.Text("access_token"));
        Assert.Equal((200, "user", "anna", false), (me.Status, me.Text("kind"), me.Text("name"), me.Body.GetProperty("is_admin").GetBoolean()));
        Assert.Equal(["operator"], me.Body.GetProperty("roles").EnumerateArray().Select(each => each.GetString()));
        Assert.Contains("messages:send", me.Body.GetProperty("permissions").EnumerateArray().Select(each => each.GetString()));

        var refreshed = await host.SendAsync("POST", "/api/v1/auth/refresh", body: $$"""{"refresh_token":"{{login.Text("refresh_token")}}"}""");
        Assert.Equal((200, "no-store"), (refreshed.Status, refreshed.Headers.CacheControl!.ToString()));
        Assert.Equal(204, (await host.SendAsync("POST", "/api/v1/auth/logout", refreshed.Text("access_token"))).Status);

        // At once, with every token of the session.
        foreach (var token in new[] { login, refreshed }) Assert.Equal((401, "UNAUTHENTICATED"), StatusAndCode(await host.SendAsync("GET", "/api/v1/auth/me", token.Text("access_token"))));
        Assert.Equal(
            (401, "INVALID_REFRESH_TOKEN"),
            StatusAndCode(await host.SendAsync("POST", "/api/v1/auth/refresh", body: $$"""{"refresh_token":"{{refreshed.Text("refresh_token")}}"}""")));
    }

    [Fact]
    public async Task LogIn_WrongAndUnknown_AreAnsweredAlike()
    {
        await using var host = await SessionHost.StartAsync();
        await host.Access.AddUserAsync("anna");

        var (wrong, unknown) = (await host.LogInAsync("anna", "wrong"), await host.LogInAsync("nobody", "wrong"));

        Assert.Equal((401, "INVALID_CREDENTIALS"), StatusAndCode(wrong));
        Assert.Equal(StatusAndCode(wrong), StatusAndCode(unknown));
        Assert.Equal(wrong.Text("error"), unknown.Text("error"));
        Assert.Equal(wrong.Headers.Select(header => header.Key), unknown.Headers.Select(header => header.Key));
    }

    [Fact]
    public async Task LogIn_TooManyWrong_Is429WithRetryAfter()
    {
        await using var host = await SessionHost.StartAsync();
        for (var at = 0; at < Limits.Access.LoginsPerAddress; at++) Assert.Equal(401, (await host.LogInAsync($"guess {at}", "x")).Status);

        var limited = await host.LogInAsync("guess", "x");
        Assert.Equal((429, "RATE_LIMITED"), StatusAndCode(limited));
        Assert.InRange(limited.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), Limits.Access.LoginAddressWindow);
    }

    [Fact]
    public async Task LogIn_Refused_IsOneDenialWithoutTheNameThatWasTyped()
    {
        await using var host = await SessionHost.StartAsync();
        await host.LogInAsync("my password by mistake", "x");
        Assert.True(await host.Access.Denials.FlushAsync());

        Assert.Equal(1, await host.Access.NumberAsync("SELECT COUNT(*) FROM audit_log"));
        Assert.Equal(1, await host.Access.NumberAsync("SELECT SUM(count) FROM audit_log WHERE action = 'auth.login' AND target_id = '' AND actor_name = ''"));
    }

    [Fact]
    public async Task Refresh_MoreThanAnAddressMay_Is429AndLeavesTheTokenUnused()
    {
        await using var host = await SessionHost.StartAsync();
        await host.Access.AddUserAsync("anna");
        var body = $$"""{"refresh_token":"{{(await host.LogInAsync("anna", SessionFixture.Password)).Text("refresh_token")}}"}""";
        for (var at = 0; at < Limits.Access.RefreshesPerAddress; at++) Assert.True(host.Access.Logins.TryCountRefresh(IPAddress.Loopback, out _));

        Assert.Equal((429, "RATE_LIMITED"), StatusAndCode(await host.SendAsync("POST", "/api/v1/auth/refresh", body: body)));
        host.Access.Time.Advance(Limits.Access.LoginAddressWindow * 2);
        Assert.Equal(200, (await host.SendAsync("POST", "/api/v1/auth/refresh", body: body)).Status);
    }

    [Fact]
    public async Task LogIn_TooManyChecksWaiting_Is503()
    {
        await using var host = await SessionHost.StartAsync();
        var hash = await host.Access.Passwords.HashAsync("correct horse");
        var checks = Enumerable.Range(0, Limits.Access.WaitingPasswordChecks).Select(_ => host.Access.Passwords.VerifyAsync("x", hash)).ToList();

        var answer = await host.LogInAsync("nobody", "x");

        Assert.Equal((503, "UNAVAILABLE"), StatusAndCode(answer));
        Assert.Equal(Limits.Access.LoginRetryAfter, answer.Headers.RetryAfter!.Delta);
        await Task.WhenAll(checks);
    }

    [Theory]
    [InlineData("/api/v1/auth/login", """{"name":"anna"}""", "password")]
    [InlineData("/api/v1/auth/login", """{"name":"anna","password":"x","otp":"1"}""", "otp")]
    [InlineData("/api/v1/auth/login", """{"name":["anna"],"password":"x"}""", "name")]
    [InlineData("/api/v1/auth/login", """{"name":"an\u0000na","password":"x"}""", "name")]
    [InlineData("/api/v1/auth/refresh", "{}", "refresh_token")]
    public async Task Body_NotAsDescribed_Is400ByField(string path, string body, string field)
    {
        await using var host = await SessionHost.StartAsync();
        var answer = await host.SendAsync("POST", path, body: body);
        Assert.Equal((400, "VALIDATION_FAILED"), StatusAndCode(answer));
        Assert.NotEmpty(answer.Field(field));
    }

    [Fact]
    public async Task Password_Change_NeedsTheOldOneAndEndsTheSession()
    {
        await using var host = await SessionHost.StartAsync();
        var token = await host.AddAndLogInAsync("anna", Roles.Viewer);
        Task<Answer> ChangeAsync(string old, string next) =>
            host.SendAsync("POST", "/api/v1/auth/password", token, $$"""{"old_password":"{{old}}","new_password":"{{next}}"}""");

        Assert.Equal((403, "WRONG_PASSWORD"), StatusAndCode(await ChangeAsync("wrong", "another horse")));
        Assert.NotEmpty((await ChangeAsync(SessionFixture.Password, "short")).Field("new_password"));
        Assert.NotEmpty((await ChangeAsync(SessionFixture.Password, new string('x', 73))).Field("new_password"));
        Assert.Equal(200, (await host.SendAsync("GET", "/api/v1/auth/me", token)).Status);
        Assert.Equal(204, (await ChangeAsync(SessionFixture.Password, "another horse")).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/api/v1/auth/me", token)).Status);
        Assert.Equal(401, (await host.LogInAsync("anna", SessionFixture.Password)).Status);
        Assert.Equal(200, (await host.LogInAsync("anna", "another horse")).Status);
    }

    [Fact]
    public async Task Key_Me_IsToldAndHasNoSession()
    {
        await using var host = await SessionHost.StartAsync();
        var key = await host.Access.CreateKeyAsync(new ApiKeySettings("robot", IsAdmin: true));

        var me = await host.SendAsync("GET", "/api/v1/auth/me", key.Text);
        Assert.Equal(("api_key", "robot", true), (me.Text("kind"), me.Text("name"), me.Body.GetProperty("is_admin").GetBoolean()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, me.Body.GetProperty("expires_at").ValueKind);
        Assert.Equal((409, "NO_SESSION"), StatusAndCode(await host.SendAsync("POST", "/api/v1/auth/logout", key.Text)));
        Assert.Equal(
            (409, "NO_SESSION"),
            StatusAndCode(await host.SendAsync("POST", "/api/v1/auth/password", key.Text, """{"old_password":"x","new_password":"another horse"}""")));
    }

    [Fact]
    public async Task Ticket_OpensOneStreamAndNothingElse()
    {
        await using var host = await SessionHost.StartAsync();
        var token = await host.AddAndLogInAsync("anna", Roles.Viewer);
        async Task<string> IssueAsync()
        {
            var made = await host.SendAsync("POST", "/api/v1/auth/tickets", token);
            Assert.Equal((201, 30), (made.Status, made.Body.GetProperty("expires_in").GetInt32()));
            return made.Text("ticket");
        }

        var ticket = await IssueAsync();
        // Not on a call, in no place; and the try does not use it up.
        Assert.Equal(401, (await host.SendAsync("GET", "/api/v1/auth/me", ticket)).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/api/v1/auth/me?ticket=" + ticket)).Status);
        var opened = await host.SendAsync("GET", "/stream?ticket=" + ticket);
        Assert.Equal((200, "anna"), (opened.Status, opened.Body.GetString()));
        Assert.Equal(401, (await host.SendAsync("GET", "/stream?ticket=" + ticket)).Status);
        Assert.Equal(200, (await host.SendAsync("GET", "/stream?token=" + await IssueAsync())).Status);
    }

    [Fact]
    public async Task Credential_InAPlaceForAnotherKind_IsRefused()
    {
        await using var host = await SessionHost.StartAsync();
        var token = await host.AddAndLogInAsync("anna", Roles.Viewer);
        var key = (await host.Access.CreateKeyAsync(new ApiKeySettings("robot", IsAdmin: true))).Text;
        async Task<int> WithHeaderAsync(string text)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/auth/me");
            request.Headers.Add("X-API-Key", text);
            return (await host.SendAsync(request)).Status;
        }

        Assert.Equal(200, await WithHeaderAsync(key));
        Assert.Equal(401, await WithHeaderAsync(token));
        Assert.Equal(200, (await host.SendAsync("GET", "/stream?token=" + token)).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/stream?api_key=" + token)).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/stream?ticket=" + token)).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/api/v1/auth/me?token=" + token)).Status);
    }

    private static (int Status, string? Code) StatusAndCode(Answer answer) => (answer.Status, answer.Code);
}
