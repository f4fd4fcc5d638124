using System.CommandLine;
using Gateway.Hosting;

namespace Gateway.Cli;

/// <summary><c>serve</c>, which is also what the program does without a command.</summary>
internal static class ServeCommand
{
    private static readonly Option<string?> Http = new("--http") { Description = "Where to listen [default: 127.0.0.1:8080]", HelpName = "ADDR:PORT" };
    private static readonly Option<string?> Grpc = new("--grpc") { Description = "Where gRPC will listen in a later version [default: 127.0.0.1:9090]", HelpName = "ADDR:PORT" };
    private static readonly Option<string?> Redis = new("--redis") { Description = "HOST:PORT[,options]; for several replicas, in a later version", HelpName = "ADDR" };
    private static readonly Option<string?> BotTokenEnv = new("--bot-token-env") { Description = "Poll the bot whose token is in this environment variable", HelpName = "NAME" };
    private static readonly Option<string?> BotTokenFile = new("--bot-token-file") { Description = "Poll the bot whose token is in this file", HelpName = "FILE" };
    private static readonly Option<string?> BaseUrl = new("--telegram-base-url") { Description = "Another Bot API server [default: https://api.telegram.org]", HelpName = "URL" };

    public static Command Create()
    {
        var command = new Command("serve", "Run the gateway. Example: gateway serve --data ./data --http 127.0.0.1:8080");
        AddTo(command);
        return command;
    }

    public static void AddTo(Command command)
    {
        foreach (var option in new[] { Http, Grpc, Redis, CommonOptions.PublicUrl, BotTokenEnv, BotTokenFile, BaseUrl }) command.Add(option);
        command.SetAction(RunAsync);
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var read = CommonOptions.Read(
            arguments, (Http, "Http:Listen"), (Grpc, "Grpc:Listen"), (Redis, "Redis"), (BotTokenEnv, "BotTokenEnv"), (BotTokenFile, "BotTokenFile"), (BaseUrl, "Telegram:BaseUrl"));
        var output = CliSession.OutputFor(arguments);
        if (read.Options is not { } options)
        {
            if (output.IsJson) return output.Fail(ExitCode.Usage, "INVALID_OPTIONS", string.Join("; ", read.Errors));
            Console.Error.WriteLine("gateway: the configuration cannot be used:");
            foreach (var error in read.Errors) Console.Error.WriteLine($"  {error}");
            return ExitCode.Usage;
        }

        foreach (var warning in read.Warnings) Console.Error.WriteLine($"gateway: warning: {warning}");
        var outcome = await new GatewayServer(options, Console.Out, TimeProvider.System).RunAsync(cancellation);
        var code = outcome.Status switch
        {
            ServeStatus.Stopped => ExitCode.Done,
            ServeStatus.DatabaseAway => ExitCode.Unavailable,
            _ => ExitCode.Refused,
        };
        if (outcome.Reason is null) return code;
        var name = outcome.Status switch { ServeStatus.DatabaseAway => "DATABASE_UNAVAILABLE", ServeStatus.Failed => "STAGE_DIED", _ => "NOT_STARTED" };
        return output.Fail(code, name, outcome.Reason);
    }
}
