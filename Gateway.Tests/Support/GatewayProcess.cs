using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gateway.Access;
using Xunit;

namespace Gateway.Tests.Support;

/// <summary>
/// The gateway as its users run it: the native binary named by <c>GATEWAY_BINARY</c>, else the build output under <c>dotnet</c>.
/// One port and one data folder over all its restarts; it can be killed, stopped and frozen.
/// </summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private const string TokenTail = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly string[] storeArguments;
    private readonly Dictionary<string, string> environment = [];
    private readonly HttpClient client;
    private readonly bool ownsFolder;
    private ProgramRun? run;

    private GatewayProcess(string? database, string? dataFolder)
    {
        ownsFolder = dataFolder is null;
        DataFolder = dataFolder ?? Directory.CreateTempSubdirectory("gateway-test-").FullName;
        storeArguments = database is null ? ["--data", DataFolder] : ["--data", DataFolder, "--database", database];
        if (database is not null)
        {
            // On a shared database every replica must be given the same key; this one protects nothing.
            environment["GATEWAY__MasterKey"] = Secrets.Note(Convert.ToBase64String(new byte[32]), "master key");
        }

        Port = FreePort();
        client = new HttpClient { BaseAddress = new Uri(Address), Timeout = TimeSpan.FromSeconds(10) };
    }

    public int Port { get; }
    public string DataFolder { get; }
    public string Address => $"http://127.0.0.1:{Port}";
    public int Id => Running.Id;
    public bool IsRunning => run is { HasExited: false };
    public string Output => run?.Output ?? "";

    /// <param name="database">A <c>mysql://</c> address, or null for SQLite.</param>
    /// <param name="dataFolder">To share one between gateways; null: a temporary one.</param>
    public static async Task<GatewayProcess> StartAsync(string? database = null, string? dataFolder = null)
    {
        GatewayProcess gateway = new(database, dataFolder);
        try
        {
            await gateway.StartAgainAsync();
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts on the same port and data, and returns when the process can commit.</summary>
    public async Task StartAgainAsync()
    {
        run?.Dispose();
        run = await ProgramRun.StartAsync(Program, ["serve", "--http", $"127.0.0.1:{Port}", .. storeArguments], environment);
        await ReadyAsync(StartLimit);
        Secrets.NoteFile(Path.Combine(DataFolder, MasterKeyFile.Name), "master key");
    }

    /// <summary>Waits until <c>/ready</c> answers 200.</summary>
    public async Task ReadyAsync(TimeSpan within)
    {
        HttpStatusCode? status = null;
        await Poll.UntilAsync(async () => (status = await StatusOfAsync("/ready")) == HttpStatusCode.OK || Running.HasExited, within, () => $"/ready says {status}:\n{Running.Output}");
        Assert.True(status == HttpStatusCode.OK, $"the gateway has ended:\n{Running.Output}");
    }

    /// <summary>The status of a GET, or null when nobody listens.</summary>
    public async Task<HttpStatusCode?> StatusOfAsync(string path)
    {
        try
        {
            using HttpResponseMessage answer = await client.GetAsync(path);
            return answer.StatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    public Task<string> TextOfAsync(string path) => client.GetStringAsync(path);

    /// <summary>kill -9; returns when the process is gone.</summary>
    public Task KillAsync() => Running.EndAsync(ProgramRun.SigKill, StopLimit);

    /// <summary>SIGTERM, an orderly shutdown.</summary>
    public Task StopAsync() => Running.EndAsync(ProgramRun.SigTerm, StopLimit);

    /// <summary>SIGSTOP: sockets and database connections stay open and nothing answers.</summary>
    public void Freeze() => Running.Signal(ProgramRun.SigStop);

    public void Thaw() => Running.Signal(ProgramRun.SigContinue);

    /// <summary>Runs another command of the gateway on the same store and reads the JSON object it prints.</summary>
    public async Task<JsonElement> CommandAsync(params string[] arguments)
    {
        string output = await ProgramRun.ReadAsync(Program, [.. arguments, "--json", .. storeArguments], environment);
        using JsonDocument document = JsonDocument.Parse(output);
        Secrets.NoteArguments(arguments);
        Secrets.NoteAnswer(document.RootElement);
        return document.RootElement.Clone();
    }

    /// <summary>Registers a bot without asking Telegram and answers the path of its webhook.</summary>
    public async Task<TestBot> AddBotAsync(long telegramId)
    {
        JsonElement bot = await CommandAsync("bot", "add", "--token", string.Create(CultureInfo.InvariantCulture, $"{telegramId}:{TokenTail}"), "--no-verify");
        TestBot added = new(bot.GetProperty("id").GetInt64(), $"{Address}/telegram/webhook/{bot.GetProperty("webhook_secret").GetString()}");
        return added;
    }

    public async Task<string> CreateAdminKeyAsync()
    {
        JsonElement key = await CommandAsync("apikey", "create", "--name", $"test-{Guid.NewGuid():N}", "--admin", "--rate", "100000", "--burst", "1000000");
        return key.GetProperty("key").GetString()!;
    }

    /// <summary>Posts one update, which must be stored: also that of a bot added a moment ago.</summary>
    public async Task PostAsync(TestBot bot, long updateId)
    {
        using HttpResponseMessage answer = await client.PostAsync(bot.WebhookUrl, TestUpdate.Content(updateId));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        run?.Dispose();
        client.Dispose();
        if (ownsFolder)
        {
            Directory.Delete(DataFolder, recursive: true);
        }

        await ValueTask.CompletedTask;
    }

    private ProgramRun Running => run ?? throw new InvalidOperationException("the gateway was never started");

    private static string Program =>
        Environment.GetEnvironmentVariable("GATEWAY_BINARY") is { Length: > 0 } binary ? binary : Path.Combine(AppContext.BaseDirectory, "gateway.dll");

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

internal sealed record TestBot(long Id, string WebhookUrl);
