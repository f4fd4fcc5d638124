using Gateway.Access;
using Gateway.Api;
using Gateway.Http;
using Gateway.Log;
using Gateway.Messages;
using Gateway.Publish;
using Gateway.Telemetry;

namespace Gateway.Hosting;

/// <summary>
/// Builds the whole gateway with <c>new</c>, in the order in which an update flows through it; starts the loops against that order and stops them
/// with it. Read this file to see what is connected to what.
/// </summary>
internal sealed class CompositionRoot : IAsyncDisposable
{
    private readonly Readiness readiness = new();
    private readonly MetricCollector metrics = new();
    private readonly ApiKeyHasher hasher = new();
    private readonly ILogStore store;
    private readonly CommitQueue commits = new();
    private readonly StageSupervisor supervisor;
    private readonly OrderedShutdown shutdown;
    private readonly ControlVersionWatcher watcher;
    private readonly GroupCommitter committer;
    private readonly HighWaterFile highWaterFile;
    private readonly HighWater highWater;
    private readonly WebApplication web;

    public CompositionRoot(GatewayOptions options, StartUp startUp, ILoggerFactory logging, TimeProvider time)
    {
        ILogger Log(string stage) => logging.CreateLogger(stage);
        supervisor = new StageSupervisor(time, Log("Hosting"));
        shutdown = new OrderedShutdown(time, Log("Hosting"));

        // Access: who may see what.
        var accessStore = new AccessStore(startUp.Database, time);
        var principals = new TrackedPrincipals(accessStore, time);
        var access = new AccessControl(accessStore, startUp.Keys, hasher, principals, time);
        watcher = new ControlVersionWatcher(accessStore, principals, time, Log("Access"));

        // Log: commit queue, committer, store.
        store = LogStoreFactory.Open(options.Storage, time);
        highWaterFile = new HighWaterFile(Path.Combine(options.DataFolder, HighWaterFile.FileName), time, Log("Log"));
        highWater = highWaterFile.Read();
        var publishQueue = new PublishQueue();
        committer = new GroupCommitter(commits, store, publishQueue, highWater, time, Log("Log"));

        // Front door: every route of the HTTP port.
        var health = new HealthHandler(readiness);
        var router = new Router(
        [
            new HttpRoute("GET", "/health", health.HealthAsync, "health"),
            new HttpRoute("GET", "/ready", health.ReadyAsync, "ready"),
            new HttpRoute("GET", "/metrics", new MetricsHandler(metrics).HandleAsync, "metrics"),
        ]);
        var frontDoor = new FrontDoor(router, logging.CreateLogger<FrontDoor>());
        web = KestrelSetup.Build(options.Http, logging, frontDoor.HandleAsync, connectionHook: null);

        readiness.Require(() => commits.UnwritableReason);
        readiness.Warn(() => access.IsCurrent ? null : "permissions cannot be read: deliveries hold");
    }

    /// <summary>Completes with the name of the first loop that ended by itself.</summary>
    public Task<string> Died => supervisor.Died;

    /// <summary>Starts everything and answers the URL it listens on. Throws when the address cannot be bound.</summary>
    public async Task<string> StartAsync(CancellationToken cancellation)
    {
        var accessStage = supervisor.Start("Access", watcher.RunAsync);
        var highWaterStage = supervisor.Start("HighWater", stop => highWaterFile.RunAsync(highWater, stop));
        var commitStage = supervisor.Start("Log", committer.RunAsync);
        await web.StartAsync(cancellation);

        shutdown.Add("requests", Limits.Hosting.DrainRequests, web.StopAsync);
        shutdown.Add("commits", Limits.Hosting.DrainCommits, _ => DrainAsync(commitStage));
        shutdown.Add("access", Limits.Hosting.StopStage, _ => accessStage.StopAsync(Limits.Hosting.StopStage));
        shutdown.Add("high water", Limits.Hosting.StopStage, _ => highWaterStage.StopAsync(Limits.Hosting.StopStage));
        return KestrelSetup.BoundUrl(web);
    }

    /// <summary>Ends everything in order; see <see cref="OrderedShutdown"/>.</summary>
    public Task StopAsync()
    {
        readiness.StartDraining();
        return shutdown.RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await web.DisposeAsync();
        await store.DisposeAsync();
        metrics.Dispose();
        hasher.Dispose();
    }

    private Task DrainAsync(Stage commitStage)
    {
        commits.Drain();
        return commitStage.FinishAsync(Limits.Hosting.DrainCommits);
    }
}
