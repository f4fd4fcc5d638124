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
        var stage = new Stage(name, time);
        stage.Run = Task.Run(() => WatchAsync(stage, run));
        return stage;
    }

    private async Task WatchAsync(Stage stage, Func<CancellationToken, Task> run)
    {
        var stop = stage.Stopping;
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
            HostingLog.StageDied(logger, stage.Name, e);
            died.TrySetResult(stage.Name);
            return;
        }

        if (!stop.IsCancellationRequested && !stage.IsFinishing)
        {
            HostingLog.StageEnded(logger, stage.Name);
            died.TrySetResult(stage.Name);
        }
    }
}

/// <summary>One running loop.</summary>
internal sealed class Stage(string name, TimeProvider time)
{
    private readonly CancellationTokenSource stop = new();
    private volatile bool isFinishing;

    public string Name { get; } = name;

    public Task Run { get; set; } = Task.CompletedTask;

    public CancellationToken Stopping => stop.Token;

    /// <summary>Its inbox was closed: that its loop ends is what is wanted.</summary>
    public bool IsFinishing { get => isFinishing; private set => isFinishing = value; }

    /// <summary>Tells the loop to end and waits. False: it did not within the deadline and was left behind.</summary>
    public async Task<bool> StopAsync(TimeSpan deadline)
    {
        await stop.CancelAsync();
        return await EndsAsync(deadline);
    }

    /// <summary>Closes the loop's inbox and waits for it to finish what is in it; only when it is late it is told to end.</summary>
    public async Task<bool> FinishAsync(Action closeInbox, TimeSpan deadline)
    {
        // First, or the loop may end before it is known that it should.
        IsFinishing = true;
        closeInbox();
        if (await EndsAsync(deadline)) return true;
        await stop.CancelAsync();
        return false;
    }

    private async Task<bool> EndsAsync(TimeSpan deadline)
    {
        try
        {
            await Run.WaitAsync(deadline, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
