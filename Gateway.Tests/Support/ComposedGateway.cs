using System.Net;
using System.Net.Sockets;
using Gateway.Access;
using Gateway.Hosting;
using Gateway.Http;
using Gateway.Storage;
using Gateway.Telemetry;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Support;

/// <summary>
/// The whole gateway as its composition root builds it, in this process, on an empty SQLite database and a free port. What it logs, down to traces,
/// is part of the run's log, which is searched for secrets.
/// </summary>
internal sealed class ComposedGateway : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-composed-");
    private readonly ApiKeyHasher hasher = new();
    private readonly LogSink sink = new(new RunLogStream("composed"), TimeProvider.System);
    private StartUp startUp = null!;
    private CompositionRoot root = null!;
    private bool isStarted;

    private ComposedGateway()
    {
    }

    public HttpClient Client { get; } = new(new SecretNotingHandler());
    public Uri Address => Client.BaseAddress!;
    public IReadOnlyList<HttpRoute> Routes => root.Routes;
    public IDatabase Database => startUp.Storage.Database;
    public KeyRing Keys => startUp.Keys;

    /// <param name="values">Options by name, as <c>Http:AllowedOrigins</c>.</param>
    public static async Task<ComposedGateway> ComposeAsync(params (string Name, string Value)[] values)
    {
        ComposedGateway gateway = new();
        OptionValues options = new();
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[("Data", gateway.folder.FullName), ("Http:Listen", "127.0.0.1:0"), .. values])
        {
            options.Set(name, value, "the test");
        }

        OptionsOutcome read = OptionsReader.Read(options);
        Assert.Empty(read.Errors);
        GatewayLogging logging = new(gateway.sink, new LoggingOptions { Level = LogLevel.Trace }, TimeProvider.System);
        StartUpOutcome prepared = await StartUp.PrepareAsync(read.Options!, TimeProvider.System, logging.CreateLogger("Hosting"), CancellationToken.None);
        gateway.startUp = prepared.StartUp ?? throw new InvalidOperationException(prepared.Reason);
        gateway.root = new CompositionRoot(read.Options!, gateway.startUp, logging, TimeProvider.System);
        Secrets.NoteFile(Path.Combine(gateway.folder.FullName, MasterKeyFile.Name), "master key");
        return gateway;
    }

    public static async Task<ComposedGateway> StartAsync(params (string Name, string Value)[] values)
    {
        ComposedGateway gateway = await ComposeAsync(values);
        await gateway.StartAsync();
        return gateway;
    }

    /// <summary>Starts one that was only composed, so that its database could be filled first.</summary>
    public async Task StartAsync()
    {
        Client.BaseAddress = new Uri(await root.StartAsync(CancellationToken.None));
        isStarted = true;
    }

    public async Task<CreatedApiKey> CreateKeyAsync(string name = "test", bool isAdmin = false, string? scopes = null)
    {
        CreatedApiKey key = (await new ApiKeyAdministration(Database, startUp.Keys, hasher, TimeProvider.System).CreateAsync(
            Actor.Gateway, giver: null, new ApiKeySettings(name, isAdmin, scopes), CancellationToken.None))!;
        Secrets.Note(key.Text, "api key");
        return key;
    }

    /// <summary>A client at an address of its own, for what is limited by address: all of 127.0.0.0/8 is this machine.</summary>
    public HttpClient NewClientFrom(IPAddress address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(address, 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = Address };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (isStarted) await root.StopAsync();
        await root.DisposeAsync();
        await startUp.DisposeAsync();
        hasher.Dispose();
        await sink.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
