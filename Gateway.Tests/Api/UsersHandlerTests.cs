using Gateway.Access;
using Gateway.Tests.Access;

namespace Gateway.Tests.Api;

public sealed class UsersHandlerTests
{
    private const string Users = "/api/v1/users";

    private static string NewUser(string name, string role = "viewer") => $$"""{"name":"{{name}}","password":"{{SessionFixture.Password}}","roles":["{{role}}"]}""";

    [Fact]
    public async Task User_FromAddToDelete_WorksAsTold()
    {
        await using var host = await SessionHost.StartAsync();
        var admin = await host.AddAndLogInAsync("admin", Roles.Admin);

        var added = await host.SendAsync("POST", Users, admin, NewUser("anna"));
        Assert.Equal((201, "anna"), (added.Status, added.Text("name")));
        var path = added.Headers.Location!.ToString();
        Assert.Equal($"{Users}/{added.Body.GetProperty("id").GetInt64()}", path);
        Assert.Equal(["id", "name", "roles", "is_disabled", "created_at"], added.Body.EnumerateObject().Select(member => member.Name));
        Assert.Equal("2026-02-09T12:00:00.000Z", added.Text("created_at"));

        var list = await host.SendAsync("GET", Users + "?offset=1&limit=1", admin);
        Assert.Equal("""{"users":[""", list.Body.GetRawText()[..10]);
        Assert.Equal((2, 1, 1), (list.Body.GetProperty("total").GetInt32(), list.Body.GetProperty("offset").GetInt32(), list.Body.GetProperty("users").GetArrayLength()));

        var changed = await host.SendAsync("PATCH", path, admin, """{"name":"berta","roles":["operator","viewer"],"is_disabled":true}""");
        Assert.Equal((200, "berta", true), (changed.Status, changed.Text("name"), changed.Body.GetProperty("is_disabled").GetBoolean()));
        Assert.Equal(changed.Body.GetRawText(), (await host.SendAsync("GET", path, admin)).Body.GetRawText());
        Assert.Equal(200, (await host.SendAsync("PATCH", path, admin, "{}")).Status);

        Assert.Equal(204, (await host.SendAsync("DELETE", path, admin)).Status);
        Assert.Equal((404, "USER_NOT_FOUND"), StatusAndCode(await host.SendAsync("GET", path, admin)));
        Assert.Equal((404, "USER_NOT_FOUND"), StatusAndCode(await host.SendAsync("PATCH", path, admin, """{"name":"x"}""")));
        Assert.Equal((404, "USER_NOT_FOUND"), StatusAndCode(await host.SendAsync("DELETE", path, admin)));
    }

    [Fact]
    public async Task User_DisabledOrGivenAPassword_IsOutWithTheAnswer()
    {
        await using var host = await SessionHost.StartAsync();
        var admin = await host.AddAndLogInAsync("admin", Roles.Admin);
        foreach (var (name, change) in new[] { ("anna", """{"is_disabled":true}"""), ("otto", """{"password":"another horse"}""") })
        {
            var token = await host.AddAndLogInAsync(name, Roles.Viewer);
            var me = await host.SendAsync("GET", "/api/v1/auth/me", token);
            Assert.Equal(200, (await host.SendAsync("PATCH", $"{Users}/{me.Body.GetProperty("id").GetInt64()}", admin, change)).Status);
            Assert.Equal(401, (await host.SendAsync("GET", "/api/v1/auth/me", token)).Status);
        }
    }

    [Theory]
    [InlineData("""{"password":"correct horse","roles":[]}""", "name")]
    [InlineData("""{"name":"","password":"correct horse","roles":[]}""", "name")]
    [InlineData("""{"name":" anna","password":"correct horse","roles":[]}""", "name")]
    [InlineData("""{"name":"an\nna","password":"correct horse","roles":[]}""", "name")]
    [InlineData("""{"name":"anna","password":"short","roles":[]}""", "password")]
    [InlineData("""{"name":"anna","password":"correct horse","roles":["king"]}""", "roles")]
    [InlineData("""{"name":"anna","password":"correct horse","roles":"admin"}""", "roles")]
    [InlineData("""{"name":"anna","password":"correct horse","roles":[],"is_admin":true}""", "is_admin")]
    public async Task Add_NotAsDescribed_Is400ByField(string body, string field)
    {
        await using var host = await SessionHost.StartAsync();
        var admin = await host.AddAndLogInAsync("admin", Roles.Admin);
        var answer = await host.SendAsync("POST", Users, admin, body);
        Assert.Equal((400, "VALIDATION_FAILED"), StatusAndCode(answer));
        Assert.NotEmpty(answer.Field(field));
    }

    [Fact]
    public async Task Change_OfTheLastAdmin_Is409()
    {
        await using var host = await SessionHost.StartAsync();
        var admin = await host.AddAndLogInAsync("admin", Roles.Admin);
        var me = (await host.SendAsync("GET", "/api/v1/auth/me", admin)).Body.GetProperty("id").GetInt64();

        Assert.Equal((409, "LAST_ADMIN"), StatusAndCode(await host.SendAsync("PATCH", $"{Users}/{me}", admin, """{"roles":["viewer"]}""")));
        Assert.Equal((409, "LAST_ADMIN"), StatusAndCode(await host.SendAsync("DELETE", $"{Users}/{me}", admin)));
        Assert.Equal((409, "NAME_TAKEN"), StatusAndCode(await host.SendAsync("POST", Users, admin, NewUser("admin"))));
    }

    [Fact]
    public async Task Users_WithoutThePermission_Are403AndTheMightierIsOutOfReach()
    {
        await using var host = await SessionHost.StartAsync();
        await host.AddAndLogInAsync("admin", Roles.Admin);
        var operatorToken = await host.AddAndLogInAsync("otto", Roles.Operator);
        var clerk = (await host.Access.CreateKeyAsync(new ApiKeySettings("clerk", Scopes: "users:read users:write"))).Text;

        Assert.Equal((403, "FORBIDDEN"), StatusAndCode(await host.SendAsync("GET", Users, operatorToken)));
        Assert.Equal((403, "FORBIDDEN"), StatusAndCode(await host.SendAsync("POST", Users, operatorToken, NewUser("anna"))));
        Assert.Equal((401, "UNAUTHENTICATED"), StatusAndCode(await host.SendAsync("GET", "/api/v1/roles")));
        Assert.Equal((403, "EXCEEDS_AUTHORITY"), StatusAndCode(await host.SendAsync("PATCH", Users + "/1", clerk, """{"password":"taken over"}""")));
        Assert.Equal((403, "EXCEEDS_AUTHORITY"), StatusAndCode(await host.SendAsync("POST", Users, clerk, NewUser("mine", "admin"))));
        Assert.Equal((403, "EXCEEDS_AUTHORITY"), StatusAndCode(await host.SendAsync("DELETE", Users + "/1", clerk)));
        Assert.Equal(3, (await host.SendAsync("GET", "/api/v1/roles", clerk)).Body.GetProperty("roles").GetArrayLength());
    }

    [Theory]
    [InlineData("/0")]
    [InlineData("/-1")]
    [InlineData("/1x")]
    [InlineData("/99999999999999999999")]
    [InlineData("/1%20OR%201=1")]
    public async Task Get_IdThatIsNone_Is404(string path)
    {
        await using var host = await SessionHost.StartAsync();
        var admin = await host.AddAndLogInAsync("admin", Roles.Admin);
        Assert.Equal((404, "USER_NOT_FOUND"), StatusAndCode(await host.SendAsync("GET", Users + path, admin)));
    }

    [Fact]
    public async Task List_QueryNotAsDescribed_Is400()
    {
        await using var host = await SessionHost.StartAsync();
        var admin = await host.AddAndLogInAsync("admin", Roles.Admin);
        foreach (var query in new[] { "?limit=0", "?limit=501", "?offset=-1", "?page=1" })
            Assert.Equal((400, "VALIDATION_FAILED"), StatusAndCode(await host.SendAsync("GET", Users + query, admin)));
    }

    private static (int Status, string? Code) StatusAndCode(Answer answer) => (answer.Status, answer.Code);
}
