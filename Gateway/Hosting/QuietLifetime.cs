using Microsoft.Extensions.Hosting;

namespace Gateway.Hosting;

/// <summary>
/// Instead of the generic host's console lifetime, which would take the signals and end everything at once: here the ordered shutdown does.
/// </summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
