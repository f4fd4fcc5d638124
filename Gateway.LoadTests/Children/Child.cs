using System.Diagnostics;
using Gateway.LoadTests.Native;

namespace Gateway.LoadTests.Children;

/// <summary>A process started here, its last lines of output, and its end by pid.</summary>
internal sealed class Child : IDisposable
{
    private const int KeptLines = 60;
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly Queue<string> lines = new();

    private Child(Process process) => this.process = process;

    public int Id => process.Id;
    public bool HasExited => process.HasExited;

    /// <param name="program">An executable, or a <c>.dll</c> that <c>dotnet</c> runs.</param>
    public static Child Start(string program, params IReadOnlyList<string> arguments)
    {
        Child child = new(Process.Start(StartInfo(program, arguments))!);
        child.process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        child.process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs to the end and answers standard output; throws with what it said when it fails.</summary>
    public static string Run(string program, params IReadOnlyList<string> arguments)
    {
        using Process process = Process.Start(StartInfo(program, arguments))!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}{errors.Result}");
    }

    private static ProcessStartInfo StartInfo(string program, IReadOnlyList<string> arguments)
    {
        bool managed = program.EndsWith(".dll", StringComparison.Ordinal);
        ProcessStartInfo info = new(managed ? "dotnet" : program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (managed)
        {
            info.ArgumentList.Add(program);
        }

        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        return info;
    }

    public string LastLines
    {
        get
        {
            lock (lines)
            {
                return string.Join('\n', lines);
            }
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > KeptLines)
            {
                lines.Dequeue();
            }
        }
    }

    public void Stop()
    {
        if (!process.HasExited)
        {
            _ = Libc.Kill(process.Id, Libc.SigTerm);
            if (!process.WaitForExit(StopPatience))
            {
                process.Kill();
                process.WaitForExit();
            }
        }
    }

    public void Dispose()
    {
        Stop();
        process.Dispose();
    }
}
