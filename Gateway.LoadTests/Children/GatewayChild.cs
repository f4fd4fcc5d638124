using System.Globalization;
using System.Net;
using System.Text.Json;
using Gateway.LoadTests.Native;

namespace Gateway.LoadTests.Children;

/// <summary>The real gateway on a port and data folder of its own, with one bot and one admin key made over its command line.</summary>
internal sealed class GatewayChild : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    private readonly string binary;
    private readonly string data;
    private readonly bool ownsData;
    private readonly string? database;
    private Child? child;

    private GatewayChild(CommandLine options)
    {
        binary = Path.GetFullPath(options.Required("binary"));
        database = options.Optional("database");
        if (database is not null)
        {
            // A gateway on a shared database is told its master key; children inherit it.
            Environment.SetEnvironmentVariable("GATEWAY__MasterKey", Convert.ToBase64String(new byte[32]));
        }

        ownsData = options.Optional("data") is null;
        data = options.Optional("data") ?? Directory.CreateTempSubdirectory("gateway-load-").FullName;
    }

    public int Port { get; } = Loopback.FreePort();
    public int Id => child!.Id;
    public string Store => database is null ? "sqlite" : "mysql";
    public string WebhookSecret { get; private set; } = "";
    public string ApiKey { get; private set; } = "";

    /// <summary>A subscription to everything.</summary>
    public string StreamPath => $"/api/v1/ws?all=true&api_key={Uri.EscapeDataString(ApiKey)}";

    public static async Task<GatewayChild> StartAsync(CommandLine options)
    {
        GatewayChild gateway = new(options);
        await gateway.StartAsync();

        // A bot id of its own per run, so that a database that is used again holds no earlier run's bot.
        long bot = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        using JsonDocument added = gateway.Command("bot", "add", "--token", $"{bot}:{new string('A', 35)}", "--no-verify", "--json");
        gateway.WebhookSecret = added.RootElement.GetProperty("webhook_secret").GetString()!;
        using JsonDocument created = gateway.Command("apikey", "create", "--name", $"load-{bot}", "--admin", "--rate", "100000", "--burst", "1000000", "--json");
        gateway.ApiKey = created.RootElement.GetProperty("key").GetString()!;
        return gateway;
    }

    /// <summary>Starts the process and answers how long the first 200 of <c>/health</c> took from exec.</summary>
    public async Task<TimeSpan> StartAsync()
    {
        long start = Clock.Now;
        child = Child.Start(binary, ["serve", "--http", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}"), .. StoreArguments()]);
        using HttpClient client = new() { Timeout = TimeSpan.FromSeconds(2) };
        while (Clock.Now - start < Clock.Of(StartPatience))
        {
            try
            {
                using HttpResponseMessage answer = await client.GetAsync($"http://127.0.0.1:{Port}/health");
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return TimeSpan.FromMicroseconds((Clock.Now - start) / 1000.0);
                }
            }
            catch (HttpRequestException refused) when (!child.HasExited)
            {
                // Not listening yet: the next try comes after a millisecond.
                _ = refused;
            }

            await Task.Delay(1);
        }

        throw new TimeoutException("the gateway did not become healthy: " + child.LastLines);
    }

    public JsonDocument Command(params IReadOnlyList<string> arguments) =>
        JsonDocument.Parse(Child.Run(binary, [.. arguments, .. StoreArguments()]));

    public void Stop()
    {
        child?.Dispose();
        child = null;
    }

    private IReadOnlyList<string> StoreArguments() =>
        database is null ? ["--data", data] : ["--data", data, "--database", database];

    public void Dispose()
    {
        Stop();
        if (ownsData)
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
