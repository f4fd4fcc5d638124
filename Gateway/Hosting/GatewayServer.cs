using System.Net.Sockets;
using Gateway.Access;
using Gateway.Telemetry;
using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

internal enum ServeStatus
{
    /// <summary>Stopped by a signal, in order.</summary>
    Stopped,

    /// <summary>Could not start as it was configured; the reason says why.</summary>
    Refused,

    DatabaseAway,

    /// <summary>One of its loops died.</summary>
    Failed,
}

internal readonly record struct ServeOutcome(ServeStatus Status, string? Reason);

/// <summary>One life of the serving process: prepare, compose, start, wait for the end, stop in order.</summary>
internal sealed class GatewayServer(GatewayOptions options, TextWriter output, TimeProvider time)
{
    public async Task<ServeOutcome> RunAsync(CancellationToken cancellation)
    {
        using var signals = new StopSignals();
        await using var sink = new LogSink(Console.OpenStandardError(), time);
        using var logging = new GatewayLogging(sink, options.Logging, time);
        var logger = logging.CreateLogger("Hosting");

        if (KestrelSetup.CertificateProblem(options.Http) is { } problem) return new(ServeStatus.Refused, problem);
        var prepared = await StartUp.PrepareAsync(options, time, logger, cancellation);
        if (prepared.StartUp is null)
            return new(prepared.Status == StartUpStatus.DatabaseAway ? ServeStatus.DatabaseAway : ServeStatus.Refused, prepared.Reason);
        await using var startUp = prepared.StartUp;
        if (await EnvironmentBot.AddAsync(options, startUp, time, cancellation) is { } refusal) return new(ServeStatus.Refused, refusal);

        await using var gateway = new CompositionRoot(options, startUp, logging, time);
        string url;
        try
        {
            url = await gateway.StartAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Kestrel wraps only "address in use"; one that is not ours, or a port below 1024, is a bare socket error.
            return new(ServeStatus.Refused, $"cannot listen on {options.Http.Listen}: {e.Message}");
        }

        // Only now: secrets made by a start that then cannot listen would be shown to nobody, and never again.
        var first = await RunFirstAsync(startUp, cancellation);
        await output.WriteAsync(Banner.Text(url, options, GatewayVersion.Text, first));
        await output.FlushAsync(cancellation);
        ReturnStartMemory();
        HostingLog.Listening(logger, url, options.Storage.ToString(), GatewayVersion.Text);

        var cancelled = Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
        await Task.WhenAny(signals.Received, gateway.Died, cancelled);
        var died = gateway.Died.IsCompleted ? await gateway.Died : null;
        HostingLog.Stopping(logger, died is null ? signals.Received.IsCompleted ? await signals.Received : "asked to" : $"the {died} loop died");
        await gateway.StopAsync();
        HostingLog.Stopped(logger);
        return died is null ? new(ServeStatus.Stopped, null) : new(ServeStatus.Failed, $"the {died} loop died; the log says why");
    }

    /// <summary>
    /// Once: what the start alone needed (7 MiB of an Argon2 run, migrations, the route table's making) goes back to the system. Left to itself the
    /// collector keeps it for a load that an idle gateway does not have; measured, 10 of the 20 MB that it may hold.
    /// </summary>
    private static void ReturnStartMemory() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    private async Task<FirstCredentials?> RunFirstAsync(StartUp startUp, CancellationToken cancellation)
    {
        using var hasher = new ApiKeyHasher();
        using var passwords = new PasswordHasher();
        var database = startUp.Storage.Database;
        var users = new UserAdministration(database, passwords, time);
        return await new FirstRun(users, new ApiKeyAdministration(database, startUp.Keys, hasher, time), new ApiKeyQueries(database), options).RunAsync(cancellation);
    }
}
