using Gateway.Access;
using Gateway.Api;
using Gateway.Deliver;
using Gateway.Deliver.Pull;
using Gateway.Deliver.Sse;
using Gateway.Deliver.WebSocket;
using Gateway.Http;
using Gateway.Ingest;
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
    private readonly MetricCollector metrics = new();
    private readonly Readiness readiness = new();
    private readonly ApiKeyHasher hasher = new();
    private readonly PasswordHasher passwords = new();
    private readonly HttpMessageInvoker telegram = BotApiClient.NewHttp();
    private readonly CommitQueue commits = new();
    private readonly StageSupervisor supervisor;
    private readonly OrderedShutdown shutdown;
    private readonly ControlVersionWatcher watcher;
    private readonly SessionSweeper sessionSweeper;
    private readonly KeyUsage keyUsage;
    private readonly PollerPool pollers;
    private readonly ChatMigration migrations;
    private readonly RetentionSweeper retention;
    private readonly SearchIndexer searchIndexer;
    private readonly AuditDenials denials;
    private readonly AuditRetention auditRetention;
    private readonly HighWaterFile highWaterFile;
    private readonly HighWater highWater;
    private readonly GroupCommitter committer;
    private readonly Publisher publisher;
    private readonly BusReader busReader;
    private readonly Hub hub;
    private readonly SessionWheel wheel;
    private readonly WebApplication web;
    private readonly TimeSpan drain;
    private readonly TimeProvider time;

    public CompositionRoot(GatewayOptions options, StartUp startUp, ILoggerFactory logging, TimeProvider time)
    {
        this.time = time;
        drain = options.Http.Drain;
        ILogger Log(string stage) => logging.CreateLogger(stage);
        var database = startUp.Storage.Database;
        var store = startUp.Storage.Log;
        supervisor = new StageSupervisor(time, Log("Hosting"));
        shutdown = new OrderedShutdown(time, Log("Hosting"));

        // Access: who may see what.
        var accessStore = new AccessStore(database, time);
        var principals = new TrackedPrincipals(accessStore, time, new RateBudgets(time, options.Auth.RateLimit));
        keyUsage = new KeyUsage(database, time, Log("Access"));
        var rateLimiter = new RateLimiter(keyUsage, time);
        var access = new AccessControl(accessStore, startUp.Keys, hasher, principals, time, options.Auth.QueryEverywhere);
        watcher = new ControlVersionWatcher(accessStore, principals, time, Log("Access"));
        var userQueries = new UserQueries(database);
        var users = new UserAdministration(database, passwords, time);
        var opaqueTokens = new OpaqueTokens(startUp.Keys);
        var sessions = new Sessions(database, new AccessTokens(startUp.Keys, time), opaqueTokens, time, Log("Access"));
        denials = new AuditDenials(database, time, Log("Access"));
        var logins = new Logins(database, passwords, new LoginLimiter(time), sessions, users, time, denials);
        sessionSweeper = new SessionSweeper(database, access, time, Log("Access"));

        // Ingest: updates come in, by webhook or by polling.
        var bots = new BotDirectory(database, options.Ingest.AcceptTokenInPath, logging.CreateLogger<BotDirectory>());
        var receiver = new WebhookReceiver(bots, watcher, commits, new AddressLimiter(time), time, logging.CreateLogger<WebhookReceiver>(), denials);
        var parked = new ParkedUpdates(Path.Combine(options.DataFolder, ParkedUpdates.FolderName));
        pollers = new PollerPool(bots, new SecretBox(startUp.Keys), telegram, options.TelegramBaseUrl.ToString(), commits, parked, time, new Random(), logging.CreateLogger<PollerPool>());

        // Log: one loop writes them, durably and in order.
        highWaterFile = new HighWaterFile(Path.Combine(options.DataFolder, HighWaterFile.FileName), time, Log("Log"));
        highWater = highWaterFile.Read();
        var publishQueue = new PublishQueue();
        migrations = new ChatMigration(database, store, commits, time, Log("Log"));
        searchIndexer = new SearchIndexer(startUp.Storage.Messages, time, Log("Log"));
        committer = new GroupCommitter(commits, store, publishQueue, highWater, time, Log("Log"), migrations, searchIndexer);
        retention = new RetentionSweeper(database, store, RetentionOf(options), time, Log("Log"));

        // Publish and deliver: what is in the log goes to whoever listens.
        var bus = new InProcessBus();
        publisher = new Publisher(publishQueue, bus, store, time, Log("Publish"));
        hub = new Hub(store, new ChatDirectory(database), () => access.IsCurrent, time, new Random(), Environment.ProcessorCount, Log("Deliver"), watcher.ReadFreshAsync);
        busReader = new BusReader(bus, store, hub, highWater, commits.RequestHeadCheck, time, new Random(), Log("Publish"));
        access.AddObserver(bots);
        access.AddObserver(hub);
        wheel = new SessionWheel(time);
        var socketOptions = new SocketOptions
        {
            AllowedOrigins = options.Http.AllowedOrigins,
            MaxSockets = options.Http.MaxSockets,
            MaxSocketsPerKey = options.Http.MaxSocketsPerKey,
            MaxUnauthenticated = options.Http.MaxUnauthenticated,
            MaxUnauthenticatedPerAddress = options.Http.MaxUnauthenticatedPerAddress,
        };
        var census = new SocketCensus(socketOptions);
        var sockets = new SocketEndpoint(new SocketServices(hub, access, WebSocketFraming.Instance, wheel, census, time, Log("Deliver"), rateLimiter, denials), socketOptions);

        auditRetention = new AuditRetention(database, TimeSpan.FromDays(options.AuditRetentionDays), time, Log("Access"));
        var gate = new AccessGate(access, watcher.ReadFreshAsync, denials, rateLimiter);
        var admission = new StreamAdmission(hub);

        // Control API: what the command line can do, over REST.
        var secrets = new SecretBox(startUp.Keys);
        var botQueries = new BotQueries(database, secrets);
        var botAdministration = new BotAdministration(database, secrets, time);
        var webhooks = new BotWebhooks(botAdministration, botQueries, telegram, options.TelegramBaseUrl.ToString(), options.PublicUrl, time, Log("Ingest"));
        var botStatus = new UpstreamStatusReader(botQueries, webhooks, time, pollers.StatusOf);
        var botsHandler = new BotsHandler(botQueries, new BotRegistrar(botAdministration, botQueries, webhooks), botStatus, webhooks.HasPublicUrl, watcher.ReadFreshAsync);
        var apiKeyQueries = new ApiKeyQueries(database);

        // Front door: every route of the HTTP port.
        var document = new OpenApiHandler(() => Routes!, GatewayVersion.Text);
        HttpRoute[] table =
        [
            .. receiver.Routes,
            new EventStreamHandler(admission, hub, time).Route,
            new PullHandler(admission, hub, time).Route,
            .. sockets.Routes,
            .. botsHandler.Routes,
            .. new AuthHandler(logins, sessions, new Tickets(database, opaqueTokens, time), userQueries, watcher.ReadFreshAsync, time, denials).Routes,
            .. new UsersHandler(users, userQueries, watcher.ReadFreshAsync).Routes,
            .. ChatRoutes(startUp.Storage, time),
            .. new ApiKeysHandler(new ApiKeyAdministration(database, startUp.Keys, hasher, time), apiKeyQueries, watcher.ReadFreshAsync, time).Routes,
            .. new GrantsHandler(
                new GrantAdministration(database, time), new GrantQueries(database), new FeedbackAdministration(database, time), apiKeyQueries, userQueries, watcher.ReadFreshAsync).Routes,
            .. new AuditHandler(new AuditQueries(database)).Routes,
            .. new MetricsJsonHandler(metrics).Routes,
            document.Route,
            .. new HealthHandler(readiness).Routes,
            new MetricsHandler(metrics).Route,
        ];
        Routes = table;
        var router = new Router(table.Select(gate.Protect));
        var frontDoor = new FrontDoor(router, logging.CreateLogger<FrontDoor>(), new CrossOrigin(options.Http.AllowedOrigins), options.Http.TrustedProxies);
        web = KestrelSetup.Build(options.Http, logging, frontDoor.HandleAsync, time);

        readiness.Require(() => commits.UnwritableReason);
        readiness.Warn(() => access.IsCurrent ? null : "permissions cannot be read: deliveries hold");
        readiness.Warn(pollers.Concern);
        readiness.Warn(() => bots.IsCurrent ? null : "the bots cannot be read: unknown webhook secrets are answered 503");
    }

    private IEnumerable<HttpRoute> ChatRoutes(OpenedStorage storage, TimeProvider time)
    {
        var queries = new ChatQueries(storage.Database);
        var chats = new ChatAccess(queries, watcher.ReadFreshAsync);
        return
        [
            .. new ChatsHandler(queries, new ChatAdministration(storage.Database, time), chats, watcher.ReadFreshAsync).Routes,
            .. new ChatPermissionsHandler(chats, new ChatPermissionQueries(storage.Database), new GrantAdministration(storage.Database, time)).Routes,
            .. new MessagesHandler(storage.Messages, chats, watcher.ReadFreshAsync).Routes,
        ];
    }

    /// <summary>Every route of the HTTP port, with what it needs: for the tests that hold the documents and the access matrix to it.</summary>
    public IReadOnlyList<HttpRoute> Routes { get; }

    /// <summary>Completes with the name of the first loop that ended by itself.</summary>
    public Task<string> Died => supervisor.Died;

    /// <summary>Starts everything, consumers before producers, and answers the URL it listens on. Throws when the address cannot be bound.</summary>
    public async Task<string> StartAsync(CancellationToken cancellation)
    {
        // Before the first request, or the first webhook would be asked to come again. A database that is away now is looked at again by the loop.
        await watcher.PollAsync(cancellation);
        var accessStage = supervisor.Start("Access", watcher.RunAsync);
        var usageStage = supervisor.Start("KeyUsage", keyUsage.RunAsync);
        var hubStage = supervisor.Start("Deliver", hub.RunAsync);
        var readerStage = supervisor.Start("BusReader", busReader.RunAsync);
        var publisherStage = supervisor.Start("Publisher", publisher.RunAsync);
        var highWaterStage = supervisor.Start("HighWater", stop => highWaterFile.RunAsync(highWater, stop));
        var commitStage = supervisor.Start("Log", committer.RunAsync);
        var migrationStage = supervisor.Start("ChatMigration", migrations.RunAsync);
        var retentionStage = supervisor.Start("Retention", retention.RunAsync);
        var searchStage = supervisor.Start("SearchIndexer", searchIndexer.RunAsync);
        var sweepStage = supervisor.Start("SessionSweeper", sessionSweeper.RunAsync);
        var auditStage = supervisor.Start("AuditRetention", auditRetention.RunAsync);
        var denialStage = supervisor.Start("AuditDenials", denials.RunAsync);
        await web.StartAsync(cancellation);
        var pollStage = supervisor.Start("Ingest", pollers.RunAsync);

        // A moment longer than the wait itself, which is no step that hangs.
        if (drain > TimeSpan.Zero) shutdown.Add("wait for the balancer", drain + Limits.Hosting.StopStage, stop => Task.Delay(drain, time, stop));
        shutdown.Add("stop polling", Limits.Hosting.StopInputs, _ => pollStage.StopAsync(Limits.Hosting.StopInputs));
        shutdown.Add("close streams", Limits.Hosting.CloseStreams, hub.StopAsync);
        shutdown.Add("finish requests", Limits.Hosting.DrainRequests, web.StopAsync);
        foreach (var stage in new[] { sweepStage, retentionStage, auditStage, searchStage, migrationStage, denialStage })
            shutdown.Add($"stop {stage.Name}", Limits.Hosting.StopStage, _ => stage.StopAsync(Limits.Hosting.StopStage));
        shutdown.Add("commit", Limits.Hosting.DrainCommits, _ => commitStage.FinishAsync(commits.Drain, Limits.Hosting.DrainCommits));
        foreach (var stage in new[] { publisherStage, readerStage, hubStage, accessStage, usageStage, highWaterStage })
            shutdown.Add($"stop {stage.Name}", Limits.Hosting.StopStage, _ => stage.StopAsync(Limits.Hosting.StopStage));
        return KestrelSetup.BoundUrl(web);
    }

    private static RetentionOptions RetentionOf(GatewayOptions options) => new(
        TimeSpan.FromDays(options.RetentionDays),
        options.Storage.IsSqlite ? options.DataFolder : null,
        options.MinFreeMegabytes * 1024L * 1024L);

    /// <summary>Ends everything in order; see <see cref="OrderedShutdown"/>.</summary>
    public Task StopAsync()
    {
        readiness.StartDraining();
        return shutdown.RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await web.DisposeAsync();
        wheel.Dispose();
        telegram.Dispose();
        hasher.Dispose();
        passwords.Dispose();
        metrics.Dispose();
    }
}
