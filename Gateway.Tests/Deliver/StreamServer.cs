using Gateway.Access;
using Gateway.Deliver;
using Gateway.Deliver.Pull;
using Gateway.Deliver.Sse;
using Gateway.Http;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Deliver;

/// <summary>SSE and pull over a real Kestrel and a real store, with real keys.</summary>
internal sealed class StreamServer : IAsyncDisposable
{
    public const string AllowedOrigin = "https://app.example";

    private readonly ApiKeyHasher hasher = new();
    private readonly TaskCompletionSource<(double, TimeSpan)?> lastRate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LoopbackServer server = null!;

    public HubHarness Hub { get; private set; } = null!;
    public HttpClient Client => server.Client;
    public Uri Address => server.Address;
    public ControlVersionWatcher Watcher { get; private set; } = null!;
    public ApiKeyAdministration Keys { get; private set; } = null!;
    public CreatedApiKey Key { get; private set; } = null!;

    /// <summary>A new one each time, that stands for the key.</summary>
    public Func<Task<string>> TicketAsync { get; private set; } = null!;

    /// <summary>The least rate and its grace that the first request left with the server.</summary>
    public Task<(double, TimeSpan)?> LastRate => lastRate.Task;

    public static async Task<StreamServer> StartAsync(int history = 0)
    {
        var self = new StreamServer { Hub = await HubHarness.StartAsync(history) };
        var ring = new KeyRing(MasterKey.Create());
        var store = new AccessStore(self.Hub.Database, TimeProvider.System);
        var principals = new TrackedPrincipals(store, self.Hub.Time);
        var access = new AccessControl(store, ring, self.hasher, principals, self.Hub.Time);
        access.AddObserver(self.Hub.Hub);
        self.Keys = new ApiKeyAdministration(self.Hub.Database, ring, self.hasher, self.Hub.Time);
        self.Watcher = new ControlVersionWatcher(store, principals, self.Hub.Time, NullLogger.Instance);
        self.Key = (await self.Keys.CreateAsync(Actor.Gateway, giver: null, new ApiKeySettings("admin", IsAdmin: true), default))!;
        Secrets.Note(self.Key.Text, "api key");
        await self.Watcher.PollAsync(default);
        var principal = (await access.AuthenticateAsync(self.Key.Text, default)).Principal!;
        self.TicketAsync = async () => (await new Tickets(self.Hub.Database, new OpaqueTokens(ring), self.Hub.Time).IssueAsync(principal, default)).Text;
        var admission = new StreamAdmission(self.Hub.Hub);
        var gate = new AccessGate(access, () => self.Watcher.PollAsync(default));
        var router = new Router(
        [
            gate.Protect(new EventStreamHandler(admission, self.Hub.Hub, self.Hub.Time).Route),
            gate.Protect(new PullHandler(admission, self.Hub.Hub, self.Hub.Time).Route),
        ]);
        var door = new FrontDoor(router, NullLogger<FrontDoor>.Instance, new CrossOrigin([AllowedOrigin]));
        self.server = await LoopbackServer.StartAsync(async context =>
        {
            await door.HandleAsync(context);
            var rate = context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate;
            self.lastRate.TrySetResult(rate is null ? null : (rate.BytesPerSecond, rate.GracePeriod));
        });
        self.Client.DefaultRequestHeaders.Add("X-API-Key", self.Key.Text);
        return self;
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await Hub.DisposeAsync();
        hasher.Dispose();
    }
}
