using Gateway.Access;
using Gateway.Hosting;
using Gateway.Http;
using Gateway.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Support;

/// <summary>The whole gateway as its composition root builds it, in this process, on an empty SQLite database and a free port.</summary>
internal sealed class ComposedGateway : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-composed-");
    private readonly ApiKeyHasher hasher = new();
    private StartUp startUp = null!;
    private CompositionRoot root = null!;
    private bool isStarted;

    private ComposedGateway()
    {
    }

    public HttpClient Client { get; } = new();
    public IReadOnlyList<HttpRoute> Routes => root.Routes;
    public IDatabase Database => startUp.Storage.Database;

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
        StartUpOutcome prepared = await StartUp.PrepareAsync(read.Options!, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        gateway.startUp = prepared.StartUp ?? throw new InvalidOperationException(prepared.Reason);
        gateway.root = new CompositionRoot(read.Options!, gateway.startUp, NullLoggerFactory.Instance, TimeProvider.System);
        return gateway;
    }

    public static async Task<ComposedGateway> StartAsync(params (string Name, string Value)[] values)
    {
        ComposedGateway gateway = await ComposeAsync(values);
        gateway.Client.BaseAddress = new Uri(await gateway.root.StartAsync(CancellationToken.None));
        gateway.isStarted = true;
        return gateway;
    }

    public async Task<CreatedApiKey> CreateKeyAsync(string name = "test", bool isAdmin = false, string? scopes = null) =>
        (await new ApiKeyAdministration(Database, startUp.Keys, hasher, TimeProvider.System).CreateAsync(
            Actor.Gateway, giver: null, new ApiKeySettings(name, isAdmin, scopes), CancellationToken.None))!;

    public async ValueTask DisposeAsync()
    {
        if (isStarted) await root.StopAsync();
        await root.DisposeAsync();
        await startUp.DisposeAsync();
        hasher.Dispose();
        Client.Dispose();
        folder.Delete(recursive: true);
    }
}
