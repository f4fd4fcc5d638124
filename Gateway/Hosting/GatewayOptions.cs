using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Telemetry;

namespace Gateway.Hosting;

/// <summary>What the operator chose, checked. Made only by <see cref="OptionsReader"/>.</summary>
internal sealed record GatewayOptions
{
    public string DataFolder { get; init; } = "data";

    /// <summary>Where everything is stored; SQLite in the data folder unless a database was named.</summary>
    public StorageUrl Storage { get; init; } = StorageUrl.InFolder("data");

    /// <summary>Given by option or file; null: the embedded default's own file.</summary>
    public string? MasterKey { get; init; }

    /// <summary>A second master key that is known while one is replaced by the other; never without <see cref="MasterKey"/>.</summary>
    public string? PreviousMasterKey { get; init; }

    public HttpOptions Http { get; init; } = new();
    public AuthOptions Auth { get; init; } = new();
    public IngestOptions Ingest { get; init; } = new();
    public LoggingOptions Logging { get; init; } = new();

    /// <summary>How long events are kept where a bot says nothing else; never below 48 hours, Telegram's own window.</summary>
    public int RetentionDays { get; init; } = 30;

    /// <summary>How long the audit log is kept.</summary>
    public int AuditRetentionDays { get; init; } = 365;

    /// <summary>Less free than this under the data folder: the oldest events go early, down to 48 hours. Zero: no watermark. SQLite only.</summary>
    public int MinFreeMegabytes { get; init; }

    /// <summary>The first user's password; null: the embedded default makes one, anything else starts without a user.</summary>
    public string? AdminPassword { get; init; }

    /// <summary>The name of an environment variable that holds a bot's token to poll with.</summary>
    public string? BotTokenVariable { get; init; }

    /// <summary>The same bot's token, out of a file.</summary>
    public string? BotToken { get; init; }

    /// <summary>Where Telegram and clients reach the gateway, with the prefix that a proxy takes away; null: unknown, webhooks are registered by hand.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Where the Bot API is; another one for local servers and tests.</summary>
    public Uri TelegramBaseUrl { get; init; } = new("https://api.telegram.org");
}

internal sealed record HttpOptions
{
    public ListenAddress Listen { get; init; } = ListenAddress.Default(8080);

    /// <summary>PEM; with it the listener speaks TLS.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM; null: the key is in the certificate's file.</summary>
    public string? CertificateKeyFile { get; init; }

    /// <summary>From <c>/ready</c> turning false to the first thing that stops: the time a balancer takes to look. None: nobody is in front.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.Zero;

    /// <summary>Open connections besides WebSockets; the server closes one more as soon as it comes.</summary>
    public int MaxConnections { get; init; } = Limits.Hosting.Connections;

    /// <summary>Open WebSockets of the process; one more is refused.</summary>
    public int MaxSockets { get; init; } = Limits.WebSocket.Sockets;

    /// <summary>Open WebSockets of one key.</summary>
    public int MaxSocketsPerKey { get; init; } = Limits.WebSocket.SocketsPerKey;

    /// <summary>Open WebSockets that have not authenticated.</summary>
    public int MaxUnauthenticated { get; init; } = Limits.WebSocket.UnauthenticatedSockets;

    /// <summary>Of one address; behind a proxy that is not trusted all have the proxy's.</summary>
    public int MaxUnauthenticatedPerAddress { get; init; } = Limits.WebSocket.UnauthenticatedSocketsPerAddress;

    /// <summary>Origins besides our own that browsers may open streams from.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Whose word on where a request comes from is taken.</summary>
    public TrustedProxies TrustedProxies { get; init; } = TrustedProxies.None;
}

internal sealed record AuthOptions
{
    /// <summary>Take <c>?api_key=</c> on every request, not only on streams.</summary>
    public bool QueryEverywhere { get; init; }

    /// <summary>Calls that a user, or a key without a limit of its own, may make.</summary>
    public RateLimit RateLimit { get; init; } = RateLimit.Default;
}

internal sealed record IngestOptions
{
    /// <summary>Take the bot token itself as the receiver's path parameter.</summary>
    public bool AcceptTokenInPath { get; init; } = true;
}
