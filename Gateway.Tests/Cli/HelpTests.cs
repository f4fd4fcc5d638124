using System.CommandLine;
using Gateway.Cli;

namespace Gateway.Tests.Cli;

/// <summary>What holds for every command, also for those to come.</summary>
public sealed class HelpTests : IDisposable
{
    private readonly GatewayProgram gateway = new();

    public static TheoryData<string> Commands => [.. Leaves(CommandLine.Create(), "").Select(each => each.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Help_EveryCommand_HasAnExampleOfItself(string name)
    {
        var command = Leaves(CommandLine.Create(), "").Single(each => each.Name == name).Command;
        Assert.Matches($"Examples?: gateway {name}( |$)", command.Description);
    }

    /// <summary>With nothing but its name, where there is no database: each is told what it lacks.</summary>
    [Fact]
    public async Task Json_EveryCommand_PrintsOneObjectWithAnErrorOfItsExitCode()
    {
        foreach (var (name, _) in Leaves(CommandLine.Create(), "").Where(each => each.Name is not "serve" and not "migrate" and not "master-key adopt"))
        {
            using var fresh = new GatewayProgram();
            var answer = await fresh.RunWithAsync([("GATEWAY__Http__Listen", "127.0.0.1:1")], [.. name.Split(' '), "--json"]);
            var (error, code) = (answer.Json.GetProperty("error").GetString(), answer.Json.GetProperty("code").GetString());
            Assert.False(string.IsNullOrWhiteSpace(error), name);
            Assert.True(code switch { "USAGE" or "INVALID_TOKEN" => 2, "NO_DATABASE" => 1, "NO_ANSWER" => 3, _ => 0 } == answer.ExitCode, $"{name}: {code} {answer.ExitCode}");
            // Regression: bot add had made one before it looked at its arguments.
            Assert.False(Directory.Exists(fresh.DataFolder), name);
        }
    }

    [Theory]
    [InlineData(2, "INVALID_OPTIONS", "--http", "nowhere")]
    [InlineData(1, "NOT_STARTED", "--http", "192.0.2.1:1")]
    public async Task Json_ServeThatCannotStart_PrintsOneObject(int exitCode, string code, params string[] arguments)
    {
        var answer = await gateway.RunAsync(["serve", "--json", .. arguments]);
        Assert.Equal((exitCode, code), (answer.ExitCode, answer.Json.GetProperty("code").GetString()));
    }

    public void Dispose() => gateway.Dispose();

    private static IEnumerable<(string Name, Command Command)> Leaves(Command command, string path) =>
        command.Subcommands.Count == 0 ? [(path, command)] : command.Subcommands.SelectMany(each => Leaves(each, $"{path} {each.Name}".Trim()));
}
