namespace Gateway.Tests.Cli;

public sealed class UserCommandTests : IDisposable
{
    private readonly GatewayProgram gateway = new();

    [Fact]
    public async Task User_AddedChangedAndRemoved_IsAsTheListSays()
    {
        Assert.Equal(1, (await AddAsync("root", "admin")).Json.GetProperty("id").GetInt64());
        var added = await AddAsync("anna", "viewer", "operator");
        Assert.Equal((0, "viewer operator"), (added.ExitCode, added.Json.GetProperty("role").GetString()));
        Assert.Equal((1, "NAME_TAKEN"), Code(await AddAsync("anna", "viewer")));

        var disabled = await gateway.RunAsync("user", "disable", "--name", "anna", "--json");
        Assert.True(disabled.Json.GetProperty("disabled").GetBoolean());
        Assert.False((await gateway.RunAsync("user", "enable", "--name", "anna", "--json")).Json.GetProperty("disabled").GetBoolean());
        var role = await gateway.RunAsync("user", "set-role", "--name", "anna", "--role", "operator", "--json");
        Assert.Equal("operator", Assert.Single(role.Json.GetProperty("roles").EnumerateArray()).GetString());
        Assert.Equal(0, (await gateway.RunAsync("user", "set-password", "--name", "anna", "--password-file", gateway.FileOf("new", "battery staple horse"), "--json")).ExitCode);
        Assert.Equal("anna", (await gateway.RunAsync("user", "show", "--name", "anna", "--json")).Json.GetProperty("name").GetString());

        Assert.Equal(2, (await gateway.RunAsync("user", "list", "--json")).Json.GetProperty("users").GetArrayLength());
        Assert.Equal(0, (await gateway.RunAsync("user", "remove", "--name", "anna", "--json")).ExitCode);
        Assert.Equal((1, "NOT_FOUND"), Code(await gateway.RunAsync("user", "remove", "--name", "anna", "--json")));
        Assert.Contains("root", (await gateway.RunAsync("user", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_TheLastAdministrator_StaysOne()
    {
        await AddAsync("root", "admin");
        Assert.Equal((1, "LAST_ADMIN"), Code(await gateway.RunAsync("user", "remove", "--name", "root", "--json")));
        Assert.Equal((1, "LAST_ADMIN"), Code(await gateway.RunAsync("user", "disable", "--name", "root", "--json")));
        Assert.Equal((1, "LAST_ADMIN"), Code(await gateway.RunAsync("user", "set-role", "--name", "root", "--role", "viewer", "--json")));
    }

    [Fact]
    public async Task User_WithArgumentsThatCannotBeUsed_IsExitCode2AndOneObject()
    {
        Assert.Equal((2, "INVALID_ROLE"), Code(await AddAsync("anna", "boss")));
        Assert.Equal((2, "INVALID_PASSWORD"), Code(await gateway.RunAsync("user", "add", "--name", "anna", "--role", "viewer", "--password-file", gateway.FileOf("short", "a"), "--json")));
        Assert.Equal((2, "INVALID_PASSWORD"), Code(await gateway.RunAsync("user", "add", "--name", "anna", "--role", "viewer", "--password-file", "nowhere", "--json")));
        Assert.Equal((2, "INVALID_NAME"), Code(await gateway.RunAsync("user", "add", "--name", " ", "--role", "viewer", "--password-file", gateway.FileOf("good", "correct horse battery"), "--json")));
        Assert.Equal((2, "USAGE"), Code(await gateway.RunAsync("user", "disable", "--json")));
    }

    public void Dispose() => gateway.Dispose();

    private Task<ProgramAnswer> AddAsync(string name, params string[] roles) =>
        gateway.RunAsync(["user", "add", "--name", name, "--role", .. roles, "--password-file", gateway.FileOf("password", "correct horse battery"), "--json"]);

    private static (int, string?) Code(ProgramAnswer answer) => (answer.ExitCode, answer.Json.GetProperty("code").GetString());
}
