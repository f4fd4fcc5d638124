using System.CommandLine;

namespace Gateway.Cli.Apply;

/// <summary><c>apply</c>: makes bots, chats, keys, users, grants and feedback as a file says; again, it finds nothing to do.</summary>
internal static class ApplyCommand
{
    private static readonly Option<string> File = new("--file", "-f") { Description = "The configuration; - reads it from standard input", HelpName = "FILE", Required = true };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would be changed and change nothing" };
    private static readonly Option<bool> Prune = new("--prune") { Description = "Take away what the file does not have, of the kinds that it has a section for" };
    private static readonly Option<bool> NoVerify = new("--no-verify") { Description = "Do not ask Telegram about the bots" };
    private static readonly Option<bool> TakeOver = new("--take-over") { Description = "Take bots although they have a webhook elsewhere" };

    public static Command Create()
    {
        var command = new Command("apply", "Make bots, chats, keys, users, grants and feedback as a file says. Example: gateway apply -f gateway.yaml --dry-run") { File, DryRun, Prune, NoVerify, TakeOver, CommonOptions.PublicUrl };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var output = CliSession.OutputFor(arguments);
        var path = arguments.GetRequiredValue(File);
        var (text, reason) = await ConfigurationText.ReadAsync(path, cancellation);
        if (text is null) return output.Fail(ExitCode.Usage, "INVALID_CONFIGURATION", reason);

        // Before the database is opened: a wrong file needs none.
        var errors = new ConfigurationErrors();
        var folder = path == ConfigurationText.StandardInput ? "." : Path.GetDirectoryName(Path.GetFullPath(path))!;
        var file = ConfigurationReader.Read(text, folder, output.Warn, errors);
        if (file is null) return Fail(output, path, errors);
        Task<int> RunFileAsync(CliSession session) => PlanAsync(session, arguments, path, file, cancellation);
        return await (arguments.GetValue(DryRun)
            ? CliSession.LookAsync(arguments, RunFileAsync, cancellation, where =>
            {
                output.Warn($"there is no database {where} yet; without --dry-run it is made");
                return Show(output, arguments, path, file, CurrentState.Nothing);
            })
            : CliSession.RunAsync(arguments, RunFileAsync, cancellation));
    }

    private static async Task<int> PlanAsync(CliSession session, ParseResult arguments, string path, ConfigurationFile file, CancellationToken cancellation)
    {
        var state = await StateReader.ReadAsync(session.Database, file, cancellation);
        if (arguments.GetValue(DryRun)) return Show(session.Output, arguments, path, file, state);
        var errors = new ConfigurationErrors();
        var plan = PlanBuilder.Build(file, state, arguments.GetValue(Prune), errors);
        if (plan is null) return Fail(session.Output, path, errors);
        var progress = new ApplyProgress();
        var report = new ApplyReport(session.Output, plan);
        report.Begin();
        var runner = new ChangeRunner(session, state, progress, report, verify: !arguments.GetValue(NoVerify), arguments.GetValue(TakeOver));
        try
        {
            progress.Failure = await runner.RunAsync(plan, cancellation);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or TimeoutException or System.Net.Sockets.SocketException or IOException or UnauthorizedAccessException)
        {
            // What was done stays done, and is told.
            progress.Failure = e.Message;
        }

        return report.End(progress, isDryRun: false);
    }

    private static int Show(CliOutput output, ParseResult arguments, string path, ConfigurationFile file, CurrentState state)
    {
        var errors = new ConfigurationErrors();
        var plan = PlanBuilder.Build(file, state, arguments.GetValue(Prune), errors);
        return plan is null ? Fail(output, path, errors) : ApplyReport.Show(output, plan);
    }

    private static int Fail(CliOutput output, string path, ConfigurationErrors errors) => output.Fail(
        ExitCode.Usage,
        new ConfigurationErrorJson(
            $"{path} has {errors.All.Count} errors; nothing was changed", "INVALID_CONFIGURATION", new([.. errors.All.Select(error => new FileErrorJson(error.At.Line, error.At.Column, error.Message))])),
        CliJson.Default.ConfigurationErrorJson,
        string.Join('\n', errors.All.Select(error => $"{path}:{error.At.Line}:{error.At.Column}: {error.Message}")));
}
