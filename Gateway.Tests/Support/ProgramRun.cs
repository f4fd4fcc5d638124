using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Tests.Support;

/// <summary>
/// One run of a program, with its last lines of output. A shell starts it, tells its id, and kills it when the pipe to the test
/// process closes, which the kernel does even for a test process that was killed: nothing outlives the tests.
/// </summary>
internal sealed partial class ProgramRun : IDisposable
{
    public const int SigKill = 9, SigTerm = 15, SigContinue = 18, SigStop = 19;

    private const string Guard = "\"$@\" </dev/null & child=$!; echo \"pid $child\"; read ignored; kill -9 $child 2>/dev/null; wait $child 2>/dev/null";
    private const int KeptLines = 100;

    private readonly Process guard;
    private readonly Queue<string> lines = new();
    private readonly TaskCompletionSource<int> id = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProgramRun(Process guard)
    {
        this.guard = guard;
        guard.OutputDataReceived += (_, line) => Keep(line.Data);
        guard.ErrorDataReceived += (_, line) => Keep(line.Data);
        guard.BeginOutputReadLine();
        guard.BeginErrorReadLine();
    }

    public int Id => id.Task.Result;

    /// <summary>True once it has ended; a zombie (the guard reaps it at its own end) counts as ended.</summary>
    public bool HasExited
    {
        get
        {
            try
            {
                string stat = File.ReadAllText($"/proc/{Id}/stat");
                return stat[stat.LastIndexOf(')') + 2] is 'Z' or 'X';
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    public string Output
    {
        get
        {
            lock (lines)
            {
                return string.Join('\n', lines);
            }
        }
    }

    /// <param name="program">An executable, or a <c>.dll</c> that <c>dotnet</c> runs.</param>
    public static async Task<ProgramRun> StartAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        ProcessStartInfo info = new("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-c", Guard, "guard", .. Command(program), .. arguments])
        {
            info.ArgumentList.Add(argument);
        }

        Set(info, environment);
        ProgramRun run = new(Process.Start(info)!);
        await run.id.Task;
        return run;
    }

    /// <summary>Runs to the end and answers its standard output; throws with all it said when it fails.</summary>
    public static async Task<string> ReadAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        string[] command = [.. Command(program), .. arguments];
        ProcessStartInfo info = new(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        Set(info, environment);
        using Process process = Process.Start(info)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        // Only what it logs: its output is where a new key is shown, once.
        RunLog.Write("command", await errors);
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}:\n{output}\n{await errors}");
    }

    public void Signal(int number)
    {
        if (Kill(Id, number) != 0 && !HasExited)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"signal {number} to {Id}");
        }
    }

    /// <summary>Signals and returns when the process has ended.</summary>
    public async Task EndAsync(int signal, TimeSpan within)
    {
        Signal(signal);
        await Poll.UntilAsync(() => HasExited, within, () => $"still running after signal {signal}:\n{Output}");
    }

    public void Dispose()
    {
        if (!HasExited)
        {
            Signal(SigKill);
        }

        guard.StandardInput.Close();
        guard.WaitForExit();
        guard.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (!id.Task.IsCompleted && line.StartsWith("pid ", StringComparison.Ordinal))
        {
            id.SetResult(int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture));
            return;
        }

        RunLog.Write("gateway process", line);
        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > KeptLines)
            {
                lines.Dequeue();
            }
        }
    }

    private static void Set(ProcessStartInfo info, IReadOnlyDictionary<string, string> environment)
    {
        foreach ((string name, string value) in environment)
        {
            info.Environment[name] = value;
        }
    }

    private static string[] Command(string program) =>
        program.EndsWith(".dll", StringComparison.Ordinal) ? [Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet", program] : [program];

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
