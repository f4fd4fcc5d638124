using System.Runtime.InteropServices;

namespace Gateway.Hosting;

/// <summary>SIGTERM and SIGINT begin the ordered shutdown; a second one gives the process its default end, at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource<string> received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] registrations;

    public StopSignals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Take),
    ];

    /// <summary>Completes with the signal's name.</summary>
    public Task<string> Received => received.Task;

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
    }

    private void Take(PosixSignalContext context) => context.Cancel = received.TrySetResult(context.Signal.ToString());
}
