using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

/// <summary>
/// Runs the stages' loops. A loop that ends before it was told to is a bug or a broken environment: it is logged and the process stops, where
/// an orchestrator sees it, instead of living on without that stage.
/// </summary>
internal sealed class StageSupervisor(TimeProvider time, ILogger logger)
{
    private readonly TaskCompletionSource<string> died = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the name of the first loop that ended by itself.</summary>
    public Task<string> Died => died.Task;

    public Stage Start(string name, Func<CancellationToken, Task> run)
    {
        var stop = new CancellationTokenSource();
        return new Stage(name, Task.Run(() => WatchAsync(name, run, stop.Token)), stop, time);
    }

    private async Task WatchAsync(string name, Func<CancellationToken, Task> run, CancellationToken stop)
    {
        try
        {
            await run(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            HostingLog.StageDied(logger, name, e);
            died.TrySetResult(name);
            return;
        }

        if (!stop.IsCancellationRequested)
        {
            HostingLog.StageEnded(logger, name);
            died.TrySetResult(name);
        }
    }
}

/// <summary>One running loop.</summary>
internal sealed class Stage(string name, Task run, CancellationTokenSource stop, TimeProvider time)
{
    public string Name { get; } = name;

    /// <summary>Tells the loop to end and waits. False: it did not within the deadline and was left behind.</summary>
    public async Task<bool> StopAsync(TimeSpan deadline)
    {
        await stop.CancelAsync();
        try
        {
            await run.WaitAsync(deadline, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
