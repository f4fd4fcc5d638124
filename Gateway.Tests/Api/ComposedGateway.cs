using System.Net;
using System.Net.Sockets;
using Gateway.Access;
using Gateway.Hosting;
using Gateway.Http;
using Gateway.Storage;
using Gateway.Telemetry;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Api;

/// <summary>The whole gateway as the composition root makes it, in this process: Kestrel on a free loopback port, SQLite in a folder of its own.</summary>
internal sealed class ComposedGateway : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-api-");
    private readonly LogSink sink = new(new RunLogStream("composed"), TimeProvider.System);
    private StartUp startUp = null!;
    private CompositionRoot root = null!;

    public Uri Address { get; private set; } = null!;
    public HttpClient Client { get; private set; } = null!;
    public FakeTelegram Telegram { get; private set; } = null!;
    public IDatabase Database => startUp.Storage.Database;
    public KeyRing Keys => startUp.Keys;

    /// <summary>The real table: what a test takes from here cannot be forgotten when a route is added.</summary>
    public IReadOnlyList<HttpRoute> Routes => root.Routes;

    /// <param name="seed">Fills the database before the gateway looks at it.</param>
    /// <param name="options">Settings by name, as <c>Http:AllowedOrigins</c>.</param>
    public static async Task<ComposedGateway> StartAsync(Func<IDatabase, KeyRing, Task>? seed = null, params (string Name, string Value)[] options)
    {
        var gateway = new ComposedGateway { Telegram = await FakeTelegram.StartAsync() };
        var values = new OptionValues();
        values.Set("Data", gateway.folder.FullName, "test");
        values.Set("Http:Listen", "127.0.0.1:0", "test");
        values.Set("MasterKey", Secrets.Note(Convert.ToBase64String(MasterKey.Create().Bytes), "master key"), "test");
        values.Set("Telegram:BaseUrl", gateway.Telegram.BaseUrl, "test");
        foreach (var (name, value) in options) values.Set(name, value, "test");
        var read = OptionsReader.Read(values);
        Assert.True(read.Options is not null, string.Join('\n', read.Errors));

        // Down to traces: what an operator could turn on must hold no secret either.
        var logging = new GatewayLogging(gateway.sink, new LoggingOptions { Level = LogLevel.Trace }, TimeProvider.System);
        var prepared = await StartUp.PrepareAsync(read.Options, TimeProvider.System, logging.CreateLogger("Hosting"), CancellationToken.None);
        Assert.True(prepared.StartUp is not null, prepared.Reason);
        gateway.startUp = prepared.StartUp;
        if (seed is not null) await seed(gateway.Database, gateway.Keys);
        gateway.root = new CompositionRoot(read.Options, prepared.StartUp, logging, TimeProvider.System);
        gateway.Address = new Uri(await gateway.root.StartAsync(CancellationToken.None));
        gateway.Client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = gateway.Address };
        return gateway;
    }

    /// <summary>A client at an address of its own, for what is limited by address: all of 127.0.0.0/8 is this machine.</summary>
    public HttpClient NewClientFrom(IPAddress address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(address, 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    }) { BaseAddress = Address };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await root.StopAsync();
        await root.DisposeAsync();
        await startUp.DisposeAsync();
        await Telegram.DisposeAsync();
        await sink.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
