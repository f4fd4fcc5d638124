using System.Diagnostics;
using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.Cli;

/// <summary>What a command printed and how it ended.</summary>
internal sealed record ProgramAnswer(int ExitCode, string Output, string Errors)
{
    /// <summary>The one JSON object on standard output; anything beside it fails.</summary>
    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
    }
}

/// <summary>The built program as scripts run it: a child process with its own data folder.</summary>
internal sealed class GatewayProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder = Directory.CreateTempSubdirectory("gateway-cli-").FullName;
    private readonly List<Process> servers = [];

    public string DataFolder => Path.Combine(folder, "data");

    public string FileOf(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public Task<ProgramAnswer> RunAsync(params string[] arguments) => RunWithAsync([], arguments);

    public async Task<ProgramAnswer> RunWithAsync((string Name, string Value)[] environment, params string[] arguments)
    {
        using var process = Start(environment, [.. arguments, "--data", DataFolder]);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        Secrets.NoteArguments(arguments);
        Secrets.NoteSettings(environment);
        Secrets.NoteKeysIn(await output);
        // Its output is where a secret is shown, once; what it says on the other stream must hold none.
        RunLog.Write("command", await errors);
        return new ProgramAnswer(process.ExitCode, await output, await errors);
    }

    /// <summary>Runs a command and kills it, as SIGKILL does, as soon as the condition holds. False: it ended before.</summary>
    public async Task<bool> KillWhenAsync(Func<Task<bool>> holds, params string[] arguments) => await KilledWhenAsync(holds, arguments) is not null;

    /// <summary>As <see cref="KillWhenAsync"/>; answers what it had printed until then. Null: it ended before.</summary>
    public Task<string?> KilledWhenAsync(Func<Task<bool>> holds, params string[] arguments) => KilledWithAsync([], holds, arguments);

    public async Task<string?> KilledWithAsync((string Name, string Value)[] environment, Func<Task<bool>> holds, params string[] arguments)
    {
        using var process = Start(environment, [.. arguments, "--data", DataFolder]);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        await Poll.UntilAsync(async () => process.HasExited || await holds(), Patience, () => $"{string.Join(' ', arguments)} neither ends nor comes so far");
        var isAtWork = !process.HasExited;
        process.Kill();
        await process.WaitForExitAsync();
        Secrets.NoteKeysIn(await output);
        return isAtWork && process.ExitCode != 0 ? await output : null;
    }

    /// <summary>Two processes with one command line, which the test holds up until both have printed that far.</summary>
    public async Task<ProgramAnswer[]> RunTwoAsync((string Name, string Value)[] environment, string printed, Func<Task> goOn, params string[] arguments)
    {
        using var one = Start(environment, [.. arguments, "--data", DataFolder]);
        using var other = Start(environment, [.. arguments, "--data", DataFolder]);
        using var limit = new CancellationTokenSource(Patience);
        var both = new[] { one, other };
        var errors = both.Select(each => each.StandardError.ReadToEndAsync(limit.Token)).ToArray();
        var begun = new char[printed.Length];
        foreach (var each in both)
        {
            await each.StandardOutput.ReadBlockAsync(begun, limit.Token);
            Assert.Equal(printed, new string(begun));
        }

        await goOn();
        var outputs = await Task.WhenAll(both.Select(each => each.StandardOutput.ReadToEndAsync(limit.Token)));
        foreach (var each in both) await each.WaitForExitAsync(limit.Token);
        return [.. both.Select((each, at) => new ProgramAnswer(each.ExitCode, printed + outputs[at], errors[at].Result))];
    }

    /// <summary>Serves on a free port until stopped.</summary>
    public Task<RunningGateway> ServeAsync(params string[] arguments) => ServeWithAsync([], arguments);

    public async Task<RunningGateway> ServeWithAsync((string Name, string Value)[] environment, params string[] arguments)
    {
        var process = Start(environment, ["serve", "--http", "127.0.0.1:0", "--data", DataFolder, .. arguments]);
        servers.Add(process);
        var banner = new List<string>();
        using var limit = new CancellationTokenSource(Patience);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string? line;
        while ((line = await process.StandardOutput.ReadLineAsync(limit.Token)) is not null)
        {
            banner.Add(line);
            // The last line of either banner.
            if (line.Contains("gateway bot add", StringComparison.Ordinal) || (line.Contains("Storage ", StringComparison.Ordinal) && File.Exists(Path.Combine(folder, "started")))) break;
        }

        Secrets.NoteKeysIn(string.Join('\n', banner));
        _ = errors.ContinueWith(text => RunLog.Write("gateway serve", text.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        File.WriteAllText(Path.Combine(folder, "started"), "");
        var http = banner.SingleOrDefault(each => each.Contains("HTTP ", StringComparison.Ordinal)) ?? throw new InvalidOperationException(await errors);
        return new RunningGateway(process, new Uri(http.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]), string.Join('\n', banner), errors);
    }

    public void Dispose()
    {
        foreach (var server in servers)
        {
            if (!server.HasExited) server.Kill();
            server.WaitForExit();
            server.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private Process Start((string Name, string Value)[] environment, string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "gateway"))
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GATEWAY_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}

internal sealed partial class RunningGateway(Process process, Uri url, string banner, Task<string> errors)
{
    private const int Terminate = 15;

    public Uri Url { get; } = url;
    public string Banner { get; } = banner;

    /// <summary>SIGTERM; answers the exit code and what was logged.</summary>
    public async Task<(int ExitCode, string Log)> StopAsync()
    {
        Assert.Equal(0, Kill(process.Id, Terminate));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await errors);
    }

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
