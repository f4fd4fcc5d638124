using System.CommandLine;
using Gateway.Cli.Apply;

namespace Gateway.Cli;

/// <summary>The program's command line (contract; scripts rely on it).</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var parsed = Create().Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.GetValue(CommonOptions.Json))
            return CliSession.OutputFor(parsed).Fail(ExitCode.Usage, "USAGE", string.Join(" ", parsed.Errors.Select(error => error.Message)));
        // Signals are ours: the library's own handling ends an action after two seconds, whatever it is writing.
        var result = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
        return parsed.Errors.Count > 0 ? ExitCode.Usage : result;
    }

    public static RootCommand Create()
    {
        var root = new RootCommand("Telegram Bot Gateway: takes over bots, logs every update durably, and hands them to any number of consumers.")
        {
            CommonOptions.Data,
            CommonOptions.Database,
            CommonOptions.DatabaseFile,
            CommonOptions.MasterKeyFile,
            CommonOptions.Config,
            CommonOptions.Json,
            ServeCommand.Create(),
            BotCommands.Create(),
            ApiKeyCommands.Create(),
            GrantCommands.Create(),
            UserCommands.Create(),
            ApplyCommand.Create(),
            MasterKeyCommands.Create(),
            MigrateCommand.Create(),
            DoctorCommand.Create(),
            HealthCommand.Create(),
        };
        ServeCommand.AddTo(root);
        return root;
    }
}
