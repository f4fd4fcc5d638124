using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

/// <summary>
/// Ends the gateway step by step, in the order the composition root named (design section 10), each with its deadline: what comes in
/// stops before what is in is finished, and what is finished is delivered before its connections go.
/// </summary>
internal sealed class OrderedShutdown(TimeProvider time, ILogger logger)
{
    private readonly List<(string Name, TimeSpan Deadline, Func<CancellationToken, Task> Run)> steps = [];

    public void Add(string name, TimeSpan deadline, Func<CancellationToken, Task> run) => steps.Add((name, deadline, run));

    public async Task RunAsync()
    {
        foreach (var (name, deadline, run) in steps)
        {
            var began = time.GetTimestamp();
            using var over = new CancellationTokenSource(deadline, time);
            try
            {
                // The token asks the step to end; the wait ends even if the step does not listen.
                await run(over.Token).WaitAsync(deadline, time);
                HostingLog.ShutdownStep(logger, name, (long)time.GetElapsedTime(began).TotalMilliseconds);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                HostingLog.ShutdownStepLate(logger, name, (long)deadline.TotalMilliseconds);
            }
            catch (Exception e)
            {
                // The other steps still have data to save.
                HostingLog.ShutdownStepFailed(logger, name, e);
            }
        }
    }
}
