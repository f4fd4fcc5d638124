using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gateway.Tests.Support;

/// <summary>
/// A server process that cannot outlive the test run: a shell starts it, tells its id, and kills it when the pipe to the
/// test process closes, which the kernel does even for a test process that was killed.
/// </summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const string Guard = "\"$@\" </dev/null & child=$!; echo $child; read ignored; kill -9 $child 2>/dev/null; wait $child 2>/dev/null";

    private readonly Process guard;
    private readonly int id;
    private readonly TaskCompletionSource<bool> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> lastLines = new();
    private int isOver;

    private ChildProcess(Process guard, int id, string readyText)
    {
        this.guard = guard;
        this.id = id;
        guard.ErrorDataReceived += (_, line) => OnLine(line.Data, readyText);
        guard.BeginErrorReadLine();
    }

    public int Id => id;

    /// <summary>Starts the program and returns once a line of its standard error contains the text.</summary>
    public static async Task<ChildProcess> StartAsync(string fileName, IEnumerable<string> arguments, string readyText, TimeSpan within)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-c", Guard, "guard", fileName, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        Process guard = Process.Start(start)!;
        int id = int.Parse((await guard.StandardOutput.ReadLineAsync())!);
        var child = new ChildProcess(guard, id, readyText);
        try
        {
            if (await child.ready.Task.WaitAsync(within))
            {
                return child;
            }
        }
        catch (TimeoutException)
        {
            child.Kill();
        }

        child.Dispose();
        throw new InvalidOperationException($"{fileName} did not start:\n{child.LastLines()}");
    }

    public void Kill() => Signal(9);

    /// <summary>SIGSTOP: the process keeps its sockets and answers nothing.</summary>
    public void Freeze() => Signal(19);

    public void Thaw() => Signal(18);

    /// <summary>SIGTERM, then waits for the end; killed when it does not end in time.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        Signal(15);
        try
        {
            // The guard's read returns only with its pipe; the end of the child shows as the end of its standard error.
            await Task.Run(() => WaitForEnd(within));
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref isOver, 1) == 0)
        {
            guard.StandardInput.Close();
            guard.WaitForExit(10_000);
            guard.Dispose();
        }
    }

    private void WaitForEnd(TimeSpan within)
    {
        long deadline = Environment.TickCount64 + (long)within.TotalMilliseconds;
        while (IsRunning(id) && Environment.TickCount64 < deadline)
        {
            guard.WaitForExit(5);
        }
    }

    /// <summary>A zombie (the guard reaps it only at its own end) has ended; its files and port are free.</summary>
    private static bool IsRunning(int id)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[stat.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void OnLine(string? line, string readyText)
    {
        if (line is null)
        {
            ready.TrySetResult(false);
            return;
        }

        lock (lastLines)
        {
            lastLines.Enqueue(line);
            if (lastLines.Count > 40)
            {
                lastLines.Dequeue();
            }
        }

        if (line.Contains(readyText, StringComparison.Ordinal))
        {
            ready.TrySetResult(true);
        }
    }

    private string LastLines()
    {
        lock (lastLines)
        {
            return string.Join('\n', lastLines);
        }
    }

    private void Signal(int number)
    {
        if (kill(id, number) != 0 && Marshal.GetLastPInvokeError() != NoSuchProcess)
        {
            throw new InvalidOperationException($"signal {number} to {id}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    private const int NoSuchProcess = 3;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
